import { deleteKernelSessions, type RefusedPart } from './kernel/delete-sessions.ts';
import { committed, openDatabase } from './indexed-db.ts';
import { stockDatabaseName } from './stock-database.ts';

/** Deletes what is refused of sessions of an account not open in this page: their content blocks what the relay has. */
export async function forgetSessions(
  indexedDB: IDBFactory,
  accountID: string,
  sessions: readonly RefusedPart[],
): Promise<void> {
  // Stock storage first: a migration copies from it until it is done.
  await forgetStockSessions(indexedDB, stockDatabaseName(accountID), sessions);
  await deleteKernelSessions(indexedDB, accountID, sessions);
}

async function forgetStockSessions(
  indexedDB: IDBFactory,
  databaseName: string,
  sessions: readonly RefusedPart[],
): Promise<void> {
  const db = await openDatabase(indexedDB, { name: databaseName });
  if (!db) return;
  try {
    const names = ['coValues', 'sessions', 'transactions', 'signatureAfter'];
    const transaction = db.transaction(names, 'readwrite', { durability: 'strict' });
    const done = committed(transaction);
    for (const { id, sessionID } of sessions) {
      find(transaction, 'coValues', 'coValuesById', id, (coValue) =>
        find(transaction, 'sessions', 'uniqueSessions', [coValue, sessionID], (session) => {
          const all = IDBKeyRange.bound([session, 0], [session, Infinity]);
          transaction.objectStore('transactions').delete(all);
          transaction.objectStore('signatureAfter').delete(all);
          transaction.objectStore('sessions').delete(session);
        }),
      );
    }
    await done;
  } finally {
    db.close();
  }
}

function find(
  transaction: IDBTransaction,
  store: string,
  index: string,
  key: IDBValidKey,
  found: (rowID: IDBValidKey) => void,
): void {
  const request = transaction.objectStore(store).index(index).getKey(key);
  request.addEventListener('success', () => request.result !== undefined && found(request.result));
}
