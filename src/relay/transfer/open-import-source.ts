import { readStart, type ImportSource } from './import-source.ts';
import { openExportFile } from './read-export-file.ts';
import { sqliteMagic } from './sqlite/stock-files.ts';
import { orUnreadable } from './unfit-file.ts';

export interface SourceOptions {
  /** The person says that an SQLite database in WAL mode was closed in order, and has no log for that reason. */
  readonly isWalGone?: boolean;
}

/** Tells by its first bytes what a file is. Throws RELAY_SETTING_INVALID where it cannot be imported. */
export async function openImportSource(
  file: string,
  { isWalGone = false }: SourceOptions = {},
): Promise<ImportSource> {
  try {
    const start = await readStart(file, sqliteMagic.length);
    if (start.toString('latin1') !== sqliteMagic) return await openExportFile(file);
    // Only those who have such a database load SQLite.
    const { openStockSource } = await import('./sqlite/stock-source.ts');
    return await openStockSource(file, isWalGone);
  } catch (error) {
    throw orUnreadable(file, error);
  }
}
