import { assert } from '../../base/assert.ts';
import {
  committing,
  deleteDatabase as deleteStored,
  openDatabase,
  resultOf,
} from '../../storage/indexed-db.ts';
import { deviceError } from './device-errors.ts';

/** What has to be read before an account is known. Each store's records carry a version of their own. */
export const deviceDatabase = { name: 'maia-device', version: 1 } as const;

type DeviceStore = 'vaults' | 'damaged-vaults' | 'keyrings' | 'credentials';
const stores: Readonly<Record<DeviceStore, IDBObjectStoreParameters>> = {
  vaults: { keyPath: 'accountID' },
  'damaged-vaults': { autoIncrement: true },
  keyrings: { keyPath: 'mapID' },
  credentials: { keyPath: 'credentialID' },
};

/**
 * Runs one transaction on a connection of its own: this database is used rarely, and a connection that stays open is
 * closed by browsers at their leisure and blocks other tabs. Resolves when the transaction has committed. `undefined`
 * where nothing was ever kept here; reading leaves no trace then.
 */
export async function readDevice<T>(
  indexedDB: IDBFactory,
  run: (stores: Stores) => Promise<T>,
): Promise<T | undefined> {
  const db = await open(indexedDB, { create: false });
  return db && transact(db, 'readonly', run);
}

/** Like `readDevice`, and makes the database where there is none. All of `run`'s writes are kept, or none. */
export async function writeDevice<T>(indexedDB: IDBFactory, run: (stores: Stores) => Promise<T>): Promise<T> {
  const db = await open(indexedDB, { create: true });
  assert(db, 'a database was to be made');
  return transact(db, 'readwrite', run);
}

/** Only for the time of a transaction: awaiting anything but these ends it. */
export type Stores = (name: DeviceStore) => {
  get(key: string): Promise<unknown>;
  getAll(): Promise<readonly unknown[]>;
  /** With their keys, for what does not hold its own. */
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

/** As `deleteDatabase` of the storage; rejects with a KernelError. */
export async function deleteDatabase(indexedDB: IDBFactory, name: string): Promise<'deleted' | 'blocked'> {
  try {
    return await deleteStored(indexedDB, name);
  } catch (error) {
    throw deviceError(error);
  }
}
