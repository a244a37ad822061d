import type { RawCoID } from '../engine/content.ts';
import { hasKernelContent } from './kernel/has-kernel-content.ts';
import { readStockRows } from './kernel/read-stock-database.ts';
import { openDatabase } from './indexed-db.ts';
import { stockDatabaseName } from './stock-database.ts';

/** Whether this device stores the account's own CoValue. Creates no database for an unknown account. */
export async function hasContent(indexedDB: IDBFactory | undefined, accountID: RawCoID): Promise<boolean> {
  if (!indexedDB) return false;
  try {
    return (
      (await hasKernelContent(indexedDB, accountID, accountID)) || (await stockHolds(indexedDB, accountID))
    );
  } catch (error) {
    // A browser that denies access has stored nothing.
    if (error instanceof DOMException) return false;
    throw error;
  }
}

async function stockHolds(indexedDB: IDBFactory, accountID: RawCoID): Promise<boolean> {
  const db = await openDatabase(indexedDB, { name: stockDatabaseName(accountID) });
  if (!db) return false;
  try {
    const rows = await readStockRows(db);
    return ((await rows?.find(new Set([accountID])))?.size ?? 0) > 0;
  } finally {
    db.close();
  }
}
