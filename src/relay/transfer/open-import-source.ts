import { readStart, type ImportSource } from './import-source.ts';
import { openExportFile } from './read-export-file.ts';
import { sqliteMagic } from './sqlite/stock-files.ts';
import { toFileError } from './unfit-file.ts';

export interface SourceOptions {
  /** The user asserts that an SQLite database in WAL mode has no log because it was closed cleanly. */
  readonly isWalGone?: boolean;
}

/** Detects the format of a file by its first bytes. Throws RELAY_SETTING_INVALID if it cannot be imported. */
export async function openImportSource(
  file: string,
  { isWalGone = false }: SourceOptions = {},
): Promise<ImportSource> {
  try {
    const start = await readStart(file, sqliteMagic.length);
    if (start.toString('latin1') !== sqliteMagic) return await openExportFile(file);
    // Load SQLite only if it is needed.
    const { openStockSource } = await import('./sqlite/stock-source.ts');
    return await openStockSource(file, isWalGone);
  } catch (error) {
    throw toFileError(file, error);
  }
}
