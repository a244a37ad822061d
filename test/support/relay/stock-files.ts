import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import type { StockDatabase } from './stock-database.ts';
import { createDirectory } from './temporary-storage.ts';

/** Copies the files of a killed server: the log has not been written into the database. */
export async function copyStockFiles({ file }: StockDatabase): Promise<string> {
  const copy = join(await createDirectory(), 'stock.sqlite');
  for (const end of ['', '-wal']) await copyFile(file + end, copy + end);
  return copy;
}

/** A copy modified with SQL and closed cleanly, so that it has no log. */
export async function changeStockFiles(
  stock: StockDatabase,
  ...statements: readonly string[]
): Promise<string> {
  const file = await copyStockFiles(stock);
  const database = new Libsql(file);
  for (const sql of ['pragma wal_checkpoint(truncate)', 'pragma journal_mode = delete', ...statements]) {
    database.exec(sql);
  }
  database.close();
  return file;
}
