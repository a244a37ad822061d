import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Database } from '../database/database.ts';
import { findMissingRows } from '../database/missing-rows.ts';
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

const rowsPerBatch = 1_000;
const bytesPerBatch = 4_000_000;

export interface Imported extends Summary {
  /** Rows that already existed: from an interrupted import, or all if there was nothing left to do. */
  readonly found: number;
}

/**
 * Imports a source into an empty database, or continues an interrupted import of the same content. Checks the whole source
 * before writing, and afterwards that the database has exactly the same content; does nothing if it has that from the start.
 * Throws RELAY_SETTING_INVALID for an unsuitable source or database, and RELAY_STORAGE_FAILED.
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
    if (imported.sha256 !== sha256) throw mismatch();
  }
  const missing = await findMissingRows(database.query);
  if (missing !== undefined) throw incomplete(missing);
  if (!begun.isEnded) await database.transaction(endImport);
  progress(1);
  return { rows, sha256, found: done.rows };
}

type Begun = UnfinishedImport & { readonly isEnded: boolean };

/** Reserves the database for this import, so that no other content is mixed in. */
async function begin(database: Database, source: ImportSource, progress: Progress): Promise<Begun> {
  const { fingerprint } = source;
  const mark = await readUnfinishedImport(database.query);
  // The source was checked when the import began, and its checksum is compared at the end.
  if (mark?.fingerprint === fingerprint) return { ...mark, isEnded: false };
  const content = await source.check(progress);
  await prepareSchema(database);
  if (mark) {
    if (mark.sha256 !== content.sha256) throw occupied('an import of other content into it is unfinished');
    await database.transaction(async (query) => {
      await continueFrom(query, fingerprint);
      await markDone(query, beginning);
    });
    // Start over, because rows have other positions in this copy; existing rows are skipped.
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

/** Writes the rows and the progress atomically. */
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
    throw isKernelError(error) ? error : writeError(error);
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
    `Cannot import into this database: ${why}. Choose an empty one with --storage.`,
  );
}

/** The SQLSTATE for a full disk in PostgreSQL and PGlite. */
const diskFull = '53100';

function writeError(cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isFull =
    (cause instanceof Error && 'code' in cause && cause.code === diskFull) || /no space left/i.test(reason);
  const advice = isFull ? 'Free some space on its disk' : 'Fix the cause';
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The database rejected the rows: ${reason}. ${advice} and run the same import again to continue it.`,
    { cause },
  );
}

function incomplete(missing: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `The imported content is incomplete: ${missing}. Do not use this database. Export the original storage, or a complete backup of it, and import that into an empty database.`,
  );
}

function mismatch() {
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    'The content of the database differs from the file because another program is writing to one of them. Stop that program, and import into an empty database.',
  );
}
