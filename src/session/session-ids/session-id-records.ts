import type { SessionID } from 'cojson';
import { systemClock, type Clock } from '../../base/clock.ts';
import { assert } from '../../base/assert.ts';
import { accountDatabase, stores } from '../../storage/account-database.ts';
import { committed, openDatabase } from '../../storage/indexed-db.ts';
import { isRecord } from '../../base/record.ts';

/** This device's session IDs of one account. */
export interface SessionIDRecords {
  all(): Promise<readonly SessionIDRecord[]>;
  get(sessionID: SessionID): Promise<SessionIDRecord | undefined>;
  /** Resolves when the record is on the disk. */
  put(record: SessionIDRecord): Promise<void>;
  delete(sessionID: SessionID): Promise<void>;
}

export interface SessionIDRecord {
  readonly v: 1;
  readonly sessionID: SessionID;
  /** Counts the runs that leased the ID, and each time a page reclaimed it. */
  readonly epoch: number;
}

/** Another page that holds the database keeps a transaction waiting without an event. */
const transactionMs = 3_000;

/** Each call opens its own connection, because an open one would block another tab from deleting the database. */
export function createSessionIDRecords(
  indexedDB: IDBFactory,
  accountID: string,
  clock: Clock = systemClock,
): SessionIDRecords {
  async function transact<T>(
    mode: IDBTransactionMode,
    run: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const db = await openDatabase(indexedDB, accountDatabase(accountID), clock);
    assert(db, 'The database does not exist yet.');
    let stopWaiting = () => {};
    try {
      const transaction = db.transaction(stores.sessionIDs, mode, { durability: 'strict' });
      stopWaiting = clock.after(transactionMs, () => abort(transaction));
      const request = run(transaction.objectStore(stores.sessionIDs));
      await committed(transaction);
      return request.result;
    } finally {
      stopWaiting();
      db.close();
    }
  }

  return {
    async all() {
      const records: unknown[] = await transact('readonly', (store) => store.getAll());
      return records.filter(isSessionIDRecord);
    },
    async get(sessionID) {
      const record: unknown = await transact('readonly', (store) => store.get(sessionID));
      return isSessionIDRecord(record) ? record : undefined;
    },
    put: async (record) => void (await transact('readwrite', (store) => store.put(record))),
    delete: (sessionID) => transact('readwrite', (store) => store.delete(sessionID)),
  };
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has just ended, and its event comes next.
  }
}

/** Ignores records of another version: their IDs must not be used here. */
function isSessionIDRecord(value: unknown): value is SessionIDRecord {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    typeof value['sessionID'] === 'string' &&
    typeof value['epoch'] === 'number'
  );
}
