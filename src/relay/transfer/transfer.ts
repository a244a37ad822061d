import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import {
  isMissing,
  openTables,
  readStoragePlace,
  refuseMemory,
  refuseMissing,
} from '../database/storage-place.ts';
import { exportStorage } from './export-storage.ts';
import type { ImportSource } from './import-source.ts';
import { importStorage } from './import-storage.ts';
import { openImportSource } from './open-import-source.ts';
import { createProgressBar, partOf, type Progress } from './progress-bar.ts';

export interface Transfer {
  readonly kind: 'export' | 'import';
  readonly file: string;
  readonly storage: string;
  readonly isWalGone?: boolean;
  /** Default: what is at `/sync`. */
  readonly appID?: string;
}

/** Counting the rows of a large database takes minutes. */
const statementMs = 3_600_000;

/** Resolves with the text for standard output; the progress bar goes to standard error. */
export async function transfer({ kind, ...options }: Transfer, logger: Logger): Promise<string> {
  const place = readStoragePlace(options.storage);
  refuseMemory(place);
  const bar = createProgressBar(process.stderr);
  // While PGlite writes, it keeps the default: on a full disk, it never answers.
  const isSlow = kind === 'export' || place.kind === 'postgres';
  const open = () => openTables(place, options.appID, logger, isSlow ? { statementMs } : {});
  try {
    if (kind === 'import') return await runImport(open, await isMissing(place), options, bar.show);
    await refuseMissing(place);
    return await runExport(open, options.file, bar.show);
  } finally {
    bar.end();
  }
}

async function runExport(open: () => Promise<Database>, file: string, show: Progress): Promise<string> {
  const database = await open();
  try {
    const { rows, sha256 } = await exportStorage(database, file, show);
    return `Exported ${rows} rows to ${file}. SHA-256: ${sha256}.`;
  } finally {
    await database.close();
  }
}

/** Reads the source first, so that an invalid file creates no directory and no database. */
async function runImport(
  open: () => Promise<Database>,
  isNew: boolean,
  { file, isWalGone = false }: Omit<Transfer, 'kind'>,
  show: Progress,
): Promise<string> {
  const found = await openImportSource(file, { isWalGone });
  try {
    const source = isNew ? await checked(found, partOf(show, 0, 0.25)) : found;
    const database = await open();
    try {
      const { rows, sha256, found: count } = await importStorage(database, source, show);
      const existing = count > 0 ? `, of which ${count} already existed` : '';
      const summary = `Imported ${rows} rows from ${file}${existing}. SHA-256: ${sha256}.`;
      return source.leftOut === undefined ? summary : `${summary}\n${source.leftOut}`;
    } finally {
      await database.close();
    }
  } finally {
    found.close();
  }
}

/** Checks the source now, and not again. */
async function checked(source: ImportSource, show: Progress): Promise<ImportSource> {
  const summary = await source.check(show);
  return { ...source, check: () => Promise.resolve(summary) };
}
