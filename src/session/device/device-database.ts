import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import {
  committing,
  deleteDatabase as deleteStored,
  openDatabase,
  resultOf,
} from '../../storage/indexed-db.ts';
import { databaseBlocked, deviceError } from './device-errors.ts';

/** Data that is needed before an account is known. The records of each store carry their own version. */
export const deviceDatabase = { name: 'maia-device', version: 1 } as const;

type DeviceStore = 'vaults' | 'damaged-vaults' | 'keyrings' | 'credentials';
const stores: Readonly<Record<DeviceStore, IDBObjectStoreParameters>> = {
  vaults: { keyPath: 'accountID' },
  'damaged-vaults': { autoIncrement: true },
  keyrings: { keyPath: 'mapID' },
  credentials: { keyPath: 'credentialID' },
};

/**
 * Runs one transaction on its own connection: this database is used rarely, and browsers close idle connections, which also
 * block other tabs. Resolves after the commit. `undefined` if nothing was ever stored here; reading then leaves no trace.
 */
export async function readDevice<T>(
  indexedDB: IDBFactory,
  run: (stores: Stores) => Promise<T>,
): Promise<T | undefined> {
  const db = await open(indexedDB, { create: false });
  return db && transact(db, 'readonly', run);
}

/** Like `readDevice`, but creates the database if there is none. Commits all writes of `run`, or none. */
export async function writeDevice<T>(indexedDB: IDBFactory, run: (stores: Stores) => Promise<T>): Promise<T> {
  const db = await open(indexedDB, { create: true });
  assert(db, 'a database was to be made');
  return transact(db, 'readwrite', run);
}

/** Valid only during the transaction, which ends if `run` awaits anything but these methods. */
export type Stores = (name: DeviceStore) => {
  get(key: string): Promise<unknown>;
  getAll(): Promise<readonly unknown[]>;
  /** All records with their keys, for stores whose records do not contain the key. */
  entries(): Promise<readonly { readonly key: IDBValidKey; readonly value: unknown }[]>;
  put(value: unknown): Promise<unknown>;
  delete(key: IDBValidKey): Promise<unknown>;
};

async function transact<T>(
  db: IDBDatabase,
  mode: IDBTransactionMode,
  run: (stores: Stores) => Promise<T>,
): Promise<T> {
  try {
    const transaction = db.transaction(Object.keys(stores), mode, { durability: 'strict' });
    return await committing(transaction, () => run((name) => storeIn(transaction, name)));
  } catch (error) {
    throw deviceError(error);
  } finally {
    db.close();
  }
}

function storeIn(transaction: IDBTransaction, name: DeviceStore): ReturnType<Stores> {
  const store = transaction.objectStore(name);
  return {
    get: (key) => resultOf<unknown>(store.get(key)),
    getAll: () => resultOf<unknown[]>(store.getAll()),
    async entries() {
      const [keys, values] = await Promise.all([
        resultOf(store.getAllKeys()),
        resultOf<unknown[]>(store.getAll()),
      ]);
      return keys.map((key, index) => ({ key, value: values[index] }));
    },
    put: (value) => resultOf(store.put(value)),
    delete: (key) => resultOf(store.delete(key)),
  };
}

async function open(
  indexedDB: IDBFactory,
  { create }: { readonly create: boolean },
): Promise<IDBDatabase | undefined> {
  try {
    return await openDatabase(indexedDB, { ...deviceDatabase, ...(create && { make: makeStores }) });
  } catch (error) {
    throw deviceError(error);
  }
}

function makeStores(db: IDBDatabase): void {
  for (const [name, parameters] of Object.entries(stores)) db.createObjectStore(name, parameters);
}

/** Rejects with a KernelError; with STORAGE_BLOCKED if another tab keeps the database open. */
export async function deleteDatabase(indexedDB: IDBFactory, name: string, clock: Clock): Promise<void> {
  let outcome: 'deleted' | 'blocked';
  try {
    outcome = await deleteStored(indexedDB, name, clock);
  } catch (error) {
    throw deviceError(error);
  }
  if (outcome === 'blocked') throw databaseBlocked();
}
