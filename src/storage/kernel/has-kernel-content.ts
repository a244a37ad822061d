import { accountDatabase, segmentIDs, stores } from '../account-database.ts';
import { openDatabase, resultOf } from '../indexed-db.ts';

/** Whether the kernel's own engine stores any content of an account or, given `id`, of that CoValue. Creates no database. */
export async function hasKernelContent(
  indexedDB: IDBFactory,
  accountID: string,
  id?: string,
): Promise<boolean> {
  const db = await openDatabase(indexedDB, { name: accountDatabase(accountID).name });
  if (!db) return false;
  try {
    // The first version stored only session IDs.
    if (!db.objectStoreNames.contains(stores.segments)) return false;
    const index = db.transaction(stores.segments).objectStore(stores.segments).index(segmentIDs);
    return (await resultOf(index.getKey(id ?? IDBKeyRange.lowerBound('')))) !== undefined;
  } finally {
    db.close();
  }
}
