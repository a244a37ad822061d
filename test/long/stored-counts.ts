import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/logger.ts';
import type { Query } from '../../src/relay/database/database.ts';
import { findGeneration } from '../../src/relay/database/directory/generations.ts';
import { openStorageDirectory } from '../../src/relay/database/storage-directory.ts';
import { runStatement } from '../support/postgres.ts';
import { countKey, type Counts } from './ledger.ts';

/** The transaction counts in the rows. Throws if a session lacks transactions that its row counts. */
export async function readStoredCounts(query: Query): Promise<Counts> {
  const rows = await query<{ id: string; session: string; count: number; found: number; last: number }>(
    `select s.covalue_id as id, s.session_id as session, s.last_idx as count,
       count(t.idx)::int4 as found, coalesce(max(t.idx), -1)::int4 as last
     from sessions as s left join transactions as t using (covalue_id, session_id)
     group by s.covalue_id, s.session_id`,
  );
  const broken = rows.filter(({ count, found, last }) => found !== count || last !== count - 1);
  if (broken.length > 0) throw new Error(`Half-written sessions: ${JSON.stringify(broken.slice(0, 5))}`);
  return new Map(rows.map(({ id, session, count }) => [countKey(id, session), count]));
}

/** Uses its own connection. */
export function readPostgresCounts(url: string): Promise<Counts> {
  return readStoredCounts(async <Row>(sql: string) => (await runStatement(sql, [], url)) as Row[]);
}

/** Reads a copy, so that the next relay recovers the original on its own. No relay may run on it, but one may be stopped. */
export async function readPGliteCounts(directory: string): Promise<Counts> {
  const copy = await mkdtemp(join(tmpdir(), 'maia-relay-copy-'));
  try {
    const generation = await findGeneration(directory);
    if (!generation) throw new Error(`There is no database in ${directory}.`);
    await cp(generation.path, join(copy, 'postgres'), { recursive: true });
    const database = await openStorageDirectory(copy, silentLogger);
    try {
      return await readStoredCounts(database.query);
    } finally {
      await database.close();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
