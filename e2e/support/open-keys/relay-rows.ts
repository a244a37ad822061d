import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { Evidence } from '../../../test/secrets/find-secrets.ts';

/** Every row of every table of a stopped relay, as JSON. Reads a copy. */
export async function readRelayRows(storage: string): Promise<readonly Evidence[]> {
  const copy = await mkdtemp(join(tmpdir(), 'maia-relay-rows-'));
  try {
    await cp(join(storage, 'postgres'), copy, { recursive: true });
    const database = await PGlite.create(copy);
    const tables = await database.query<{ readonly name: string }>(
      `select tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const evidence: Evidence[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await database.query(`select * from "${name}"`);
      for (const row of rows) evidence.push({ place: `relay row: ${name}`, content: JSON.stringify(row) });
    }
    await database.close();
    return evidence;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/**
 * The occurrences of `tag` in the relay's files, as it is or in base64, each with as many characters `before` it. The files
 * also hold rows that were deleted.
 */
export async function taggedInFiles(
  storage: string,
  tag: string,
  before: number,
): Promise<readonly string[]> {
  const forms = [tag, ...[0, 1, 2].map((offset) => base64After(tag, offset))];
  const found = new Set<string>();
  for (const entry of await readdir(storage, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const form of forms) {
      for (let at = bytes.indexOf(form); at !== -1; at = bytes.indexOf(form, at + 1)) {
        found.add(bytes.toString('latin1', at - before, at + form.length));
      }
    }
  }
  return [...found];
}

/** The digits that depend only on the text if `offset` bytes precede it. */
function base64After(text: string, offset: number): string {
  const digits = Buffer.from('\0'.repeat(offset) + text).toString('base64url');
  return digits.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + text.length) * 8) / 6));
}
