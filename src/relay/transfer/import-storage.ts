import { createKernelError } from '../../platform/kernel-error.ts';
import type { Database, Query } from '../database/database.ts';
import { prepareSchema } from '../database/schema.ts';
import { exportLines, readFileRows, type FileRow, type Summary } from './export-file.ts';
import type { Progress } from './export-storage.ts';
import { countRows, insertRows, tables } from './tables.ts';

const rowsPerBatch = 1_000;
const bytesPerBatch = 4_000_000;

/**
 * Brings a file's content into an empty database, or goes on where an import of the same file was interrupted. Checks
 * the file before anything is written, and afterwards that the database has the same content to the byte. Throws
 * RELAY_SETTING_INVALID for a file or a database that do not fit, and RELAY_STORAGE_FAILED.
 */
export async function importStorage(database: Database, file: string, progress: Progress): Promise<Summary> {
  const expected = await readToEnd(readFileRows(file));
  await prepareSchema(database);
  await database.transaction((query) => begin(query, expected));
  let batch: FileRow[] = [];
  let bytes = 0;
  let count = 0;
  for await (const row of readFileRows(file)) {
    batch.push(row);
    bytes += row.bytes;
    count++;
    if (batch.length < rowsPerBatch && bytes < bytesPerBatch) continue;
    await insert(database, batch);
    progress(count / (expected.rows + 1));
    batch = [];
    bytes = 0;
  }
  await insert(database, batch);
  const imported = await readToEnd(exportLines(database.query));
  if (imported.sha256 !== expected.sha256) throw different();
  await database.query('drop table import_unfinished');
  progress(1);
  return imported;
}

/** Throws RELAY_SETTING_INVALID where an import was begun and not ended: a relay must not add to half of it. */
export async function refuseUnfinishedImport(query: Query): Promise<void> {
  if (!(await isUnfinished(query))) return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    'An import into this storage was interrupted. Run `maia-relay import` with the same file again, which goes on with it.',
  );
}

async function isUnfinished(query: Query): Promise<boolean> {
  const [table] = await query<{ isThere: boolean }>(
    `select to_regclass('import_unfinished') is not null as "isThere"`,
  );
  return table?.isThere === true;
}

/** Marks the database as one that this import is for, so that no other content gets mixed with it. */
async function begin(query: Query, { sha256 }: Summary): Promise<void> {
  if (await isUnfinished(query)) {
    const [begun] = await query<{ sha256: string }>('select sha256 from import_unfinished');
    if (begun?.sha256 !== sha256) throw occupied('the import of another file was begun in it');
    return;
  }
  if ((await countRows(query)) > 0) throw occupied('it is not empty');
  await query('create table import_unfinished (sha256 text not null)');
  await query('insert into import_unfinished (sha256) values ($1)', [sha256]);
}

async function insert(database: Database, batch: readonly FileRow[]): Promise<void> {
  await database.transaction(async (query) => {
    for (const table of tables) {
      const rows = batch.filter((row) => row.table === table).map(({ row }) => row);
      if (rows.length > 0) await insertRows(query, table, rows);
    }
  });
}

async function readToEnd<T>(lines: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const { done, value } = await lines.next();
    if (done) return value;
  }
}

function occupied(why: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `Nothing can be imported into this database: ${why}. Name an empty one with --storage.`,
  );
}

function different() {
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    'The database does not hold what the file does: something else writes to it. Stop that, and import into an empty database.',
  );
}
