import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import { openStoragePlace, readStoragePlace } from '../database/storage-place.ts';
import { exportStorage } from './export-storage.ts';
import { importStorage } from './import-storage.ts';
import { openImportSource } from './open-import-source.ts';
import { createProgressBar, type Progress } from './progress-bar.ts';

export interface Transfer {
  readonly kind: 'export' | 'import';
  readonly file: string;
  readonly storage: string;
  readonly isWalGone?: boolean;
}

/** Resolves with the text for standard output; the progress bar goes to standard error. */
export async function transfer({ kind, ...options }: Transfer, logger: Logger): Promise<string> {
  const place = readStoragePlace(options.storage);
  if (place.kind === 'memory')
    throw invalid(`In-memory storage is lost when this command ends. Choose another storage.`);
  const bar = createProgressBar(process.stderr);
  const open = () => openStoragePlace(place, logger);
  try {
    if (kind === 'import') return await runImport(open, options, bar.show);
    if (place.kind === 'pglite' && !existsSync(join(place.directory, 'postgres'))) {
      throw invalid(
        `There is no storage in ${place.directory}. Pass the directory of an existing storage with --storage.`,
      );
    }
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

/** Opens the source first, so that an invalid file creates no directory and no database. */
async function runImport(
  open: () => Promise<Database>,
  { file, isWalGone = false }: Omit<Transfer, 'kind'>,
  show: Progress,
): Promise<string> {
  const source = await openImportSource(file, { isWalGone });
  try {
    const database = await open();
    try {
      const { rows, sha256, found } = await importStorage(database, source, show);
      const existing = found > 0 ? `, of which ${found} already existed` : '';
      const summary = `Imported ${rows} rows from ${file}${existing}. SHA-256: ${sha256}.`;
      return source.leftOut === undefined ? summary : `${summary}\n${source.leftOut}`;
    } finally {
      await database.close();
    }
  } finally {
    source.close();
  }
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
