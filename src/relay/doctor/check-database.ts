import { join } from 'node:path';
import { isKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import { lockDirectory } from '../database/directory-lock.ts';
import { openPGliteDatabase } from '../database/pglite-database.ts';
import { readSchemaVersion, schemaVersion } from '../database/schema.ts';
import { openStoragePlace, type StoragePlace } from '../database/storage-place.ts';
import { fine, wrong, type Finding } from './finding.ts';

export interface DatabaseReport {
  readonly findings: readonly Finding[];
  /** The time where the database is, if it has answered. */
  readonly nowMs?: number;
}

/** Opens it, as a start does, and asks. Of PGlite one must be there already. */
export async function checkDatabase(place: StoragePlace): Promise<DatabaseReport> {
  if (place.kind === 'memory') {
    return { findings: [fine('database', 'In memory: what the relay acknowledges is gone when it ends.')] };
  }
  try {
    return await withDatabase(place, ask);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // Ours say what to do, and never hold an address with a password; others might.
    return {
      findings: [
        wrong('database', isKernelError(error) ? text : 'It was opened, and does not answer. Read its log.'),
      ],
    };
  }
}

async function withDatabase<T>(place: StoragePlace, run: (database: Database) => Promise<T>): Promise<T> {
  const lock = place.kind === 'pglite' ? await lockDirectory(place.directory, silentLogger) : undefined;
  try {
    const database =
      place.kind === 'pglite'
        ? await openPGliteDatabase(join(place.directory, 'postgres'))
        : await openStoragePlace(place, silentLogger);
    try {
      return await run(database);
    } finally {
      await database.close();
    }
  } finally {
    await lock?.release();
  }
}

const survives = {
  none: 'nothing: what is acknowledged is lost in a crash',
  'process-crash': 'a crash of the process, and not a power cut',
  'power-loss': 'a power cut',
} as const;

async function ask({ query, durability }: Database): Promise<DatabaseReport> {
  const [row] = await query<{ now: number }>(`select extract(epoch from clock_timestamp())::float8 as now`);
  const nowMs = row && { nowMs: row.now * 1_000 };
  const version = await readSchemaVersion(query);
  if (version > schemaVersion) {
    const text = `It has the format ${version} of a newer relay, and this one knows only up to ${schemaVersion}. Install the newer version again.`;
    return { findings: [wrong('database', text)], ...nowMs };
  }
  const tables = version === 0 ? 'has no tables yet' : `has the format ${version}`;
  return {
    findings: [fine('database', `It answers, and ${tables}. A commit survives ${survives[durability]}.`)],
    ...nowMs,
  };
}
