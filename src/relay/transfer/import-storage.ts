import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Database } from '../database/database.ts';
import { prepareSchema } from '../database/schema.ts';
import { exportLines, type Summary } from './export-file.ts';
import { beginning, type ImportSource, type SourceRow } from './import-source.ts';
import { partOf, type Progress } from './progress-bar.ts';
import { countRows, insertRows, tables } from './tables.ts';
import {
  beginImport,
  continueFrom,
  endImport,
  markDone,
  readUnfinishedImport,
  type UnfinishedImport,
} from './unfinished-import.ts';

export { refuseUnfinishedImport } from './unfinished-import.ts';

const rowsPerBatch = 1_000;
const bytesPerBatch = 4_000_000;

export interface Imported extends Summary {
  /** Rows that were there before: of an import that was interrupted, or all where nothing was left to do. */
  readonly found: number;
}

/**
 * Brings a source's content into an empty database, or goes on where an import of the same content was interrupted.
 * Checks all of the source before anything is written, and afterwards that the database has the same content to the byte;
 * where it has that from the start, nothing is done. Throws RELAY_SETTING_INVALID for a source or a database that do not
 * fit, and RELAY_STORAGE_FAILED.
 */
export async function importStorage(
  database: Database,
  source: ImportSource,
  progress: Progress,
): Promise<Imported> {
  const begun = await begin(database, source, partOf(progress, 0, 0.25));
  const { rows, sha256, done } = begun;
  if (!begun.isEnded) {
    await write(database, source, begun, partOf(progress, 0.25, 0.75));
    const imported = await summaryOf(database, rows, partOf(progress, 0.75, 1));
    if (imported.sha256 !== sha256) throw different();
    await database.transaction(endImport);
  }
  progress(1);
  return { rows, sha256, found: done.rows };
}

type Begun = UnfinishedImport & { readonly isEnded: boolean };

/** Marks the database as one that this import is for, so that no other content gets mixed with it. */
async function begin(database: Database, source: ImportSource, progress: Progress): Promise<Begun> {
  const { fingerprint } = source;
  const mark = await readUnfinishedImport(database.query);
  // It was checked when the import was begun, and the database is compared with that at the end.
  if (mark?.fingerprint === fingerprint) return { ...mark, isEnded: false };
  const content = await source.check(progress);
  await prepareSchema(database);
  if (mark) {
    if (mark.sha256 !== content.sha256) throw occupied('the import of other content was begun in it');
    await database.transaction(async (query) => {
      await continueFrom(query, fingerprint);
      await markDone(query, beginning);
    });
    // From the start, as its rows stand elsewhere in it: those that are there stay as they are.
    return { ...mark, fingerprint, done: beginning, isEnded: false };
  }
  const count = await countRows(database.query);
  if (count > 0) {
    const isSame =
      count === content.rows && (await summaryOf(database, count, () => {})).sha256 === content.sha256;
    if (!isSame) throw occupied('it is not empty');
    return { ...content, fingerprint, done: { rows: count, bytes: 0 }, isEnded: true };
  }
  const fresh = { ...content, fingerprint, done: beginning };
  await database.transaction((query) => beginImport(query, fresh));
  return { ...fresh, isEnded: false };
}

async function write(
  database: Database,
  source: ImportSource,
  { rows, done }: UnfinishedImport,
  progress: Progress,
): Promise<void> {
  let batch: SourceRow[] = [];
  let bytes = 0;
  for await (const row of source.rows(done)) {
    batch.push(row);
    bytes += row.bytes;
    if (batch.length < rowsPerBatch && bytes < bytesPerBatch) continue;
    await insert(database, batch);
    progress(row.end.rows / rows);
    batch = [];
    bytes = 0;
  }
  await insert(database, batch);
}

/** The rows and how far they reach, or neither. */
async function insert(database: Database, batch: readonly SourceRow[]): Promise<void> {
  const last = batch.at(-1);
  if (!last) return;
  try {
    await database.transaction(async (query) => {
      for (const table of tables) {
        const rows = batch.filter((row) => row.table === table).map(({ row }) => row);
        if (rows.length > 0) await insertRows(query, table, rows);
      }
      await markDone(query, last.end);
    });
  } catch (error) {
    throw isKernelError(error) ? error : unwritten(error);
  }
}

async function summaryOf({ query }: Database, rows: number, progress: Progress): Promise<Summary> {
  const lines = exportLines(query);
  for (let count = 0; ; count++) {
    const { done, value } = await lines.next();
    if (done) return value;
    if (count % rowsPerBatch === 0) progress(count / rows);
  }
}

function occupied(why: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `Nothing can be imported into this database: ${why}. Name an empty one with --storage.`,
  );
}

/** What PostgreSQL and PGlite call a full disk. */
const diskFull = '53100';

function unwritten(cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isFull =
    (cause instanceof Error && 'code' in cause && cause.code === diskFull) || /no space left/i.test(reason);
  const advice = isFull ? 'Make room on its disk' : 'Remove the cause';
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The database did not take the rows: ${reason}. ${advice} and run the same import again, which goes on.`,
    { cause },
  );
}

function different() {
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    'The database does not hold what the file does: something else writes to one of them. Stop that, and import into an empty database.',
  );
}
