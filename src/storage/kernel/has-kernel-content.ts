import { accountDatabase, segmentIDs, stores } from '../account-database.ts';
import { openDatabase, resultOf } from '../indexed-db.ts';

/** Whether our own engine keeps anything of an account, or of the one CoValue that is named. Looking leaves no trace. */
export async function holdsContent(indexedDB: IDBFactory, accountID: string, id?: string): Promise<boolean> {
  const db = await openDatabase(indexedDB, { name: accountDatabase(accountID).name });
  if (!db) return false;
  try {
    // The first version had only session ids.
    if (!db.objectStoreNames.contains(stores.segments)) return false;
    const index = db.transaction(stores.segments).objectStore(stores.segments).index(segmentIDs);
    return (await resultOf(index.getKey(id ?? IDBKeyRange.lowerBound('')))) !== undefined;
  } finally {
    db.close();
  }
}
