import type { RawCoID, SessionID } from './content.ts';
import { forgetKernelSessions } from './kernel/delete-sessions.ts';
import { committed, openDatabase } from './indexed-db.ts';
import { stockDatabaseName } from './stock-database.ts';

type Sessions = readonly { readonly id: RawCoID; readonly sessionID: SessionID }[];

/**
 * Removes sessions of CoValues from what this device keeps of an account that nobody in this page has open: what a relay
 * refused for good stands in the way of what it has. Resolves when they are gone.
 */
export async function forgetSessions(
  indexedDB: IDBFactory,
  accountID: string,
  sessions: Sessions,
): Promise<void> {
  // The stock one first: while it is taken over, what stands there is there still.
  await forgetStockSessions(indexedDB, stockDatabaseName(accountID), sessions);
  await forgetKernelSessions(indexedDB, accountID, sessions);
}

async function forgetStockSessions(
  indexedDB: IDBFactory,
  databaseName: string,
  sessions: Sessions,
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
