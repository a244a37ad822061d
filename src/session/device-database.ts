import { assert } from '../platform/assert.ts';
import type { KernelError } from '../platform/kernel-error.ts';
import { deviceError } from './device-errors.ts';

/** What has to be read before an account is known. Each store's records carry a version of their own. */
export const deviceDatabase = { name: 'maia-device', version: 1 } as const;

export type DeviceStore = 'vaults' | 'damaged-vaults' | 'keyrings' | 'credentials';
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
  put(value: unknown): Promise<unknown>;
  delete(key: string): Promise<unknown>;
};

async function transact<T>(
  db: IDBDatabase,
  mode: IDBTransactionMode,
  run: (stores: Stores) => Promise<T>,
): Promise<T> {
  try {
    const transaction = db.transaction(Object.keys(stores), mode, { durability: 'strict' });
    const committed = outcomeOf(transaction);
    const result = await run((name) => storeIn(transaction, name)).catch(async (error: unknown) => {
      abort(transaction);
      await committed.catch(() => {}); // Why it was aborted stands in the transaction, or is `error`.
      throw transaction.error ?? error;
    });
    await committed;
    return result;
  } catch (error) {
    throw deviceError(error);
  } finally {
    db.close();
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already, by the request that failed.
  }
}

function storeIn(transaction: IDBTransaction, name: DeviceStore): ReturnType<Stores> {
  const store = transaction.objectStore(name);
  return {
    get: (key) => settle<unknown>(store.get(key)),
    getAll: () => settle<unknown[]>(store.getAll()),
    put: (value) => settle(store.put(value)),
    delete: (key) => settle(store.delete(key)),
  };
}

function outcomeOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(asError(transaction.error)));
  });
}

function open(
  indexedDB: IDBFactory,
  { create }: { readonly create: boolean },
): Promise<IDBDatabase | undefined> {
  return new Promise((resolve, reject) => {
    const request = openRequest(indexedDB, reject);
    if (!request) return;
    let isMissing = false;
    request.addEventListener('upgradeneeded', () => {
      isMissing = !create;
      if (isMissing) request.transaction?.abort();
      else
        for (const [name, parameters] of Object.entries(stores))
          request.result.createObjectStore(name, parameters);
    });
    request.addEventListener('success', () => {
      const db = request.result;
      db.addEventListener('versionchange', () => db.close());
      resolve(db);
    });
    request.addEventListener('error', () =>
      isMissing ? resolve(undefined) : reject(deviceError(request.error)),
    );
  });
}

/** A browser may refuse the very call. */
function openRequest(
  indexedDB: IDBFactory,
  reject: (error: KernelError) => void,
): IDBOpenDBRequest | undefined {
  try {
    return indexedDB.open(deviceDatabase.name, deviceDatabase.version);
  } catch (error) {
    reject(deviceError(error));
    return undefined;
  }
}

/** Resolves also while another tab holds it open: the browser then deletes it when that tab lets go. */
export function deleteDatabase(indexedDB: IDBFactory, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener('success', () => resolve());
    request.addEventListener('blocked', () => resolve());
    request.addEventListener('error', () => reject(deviceError(request.error)));
  });
}

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(asError(request.error)));
  });
}

function asError(error: DOMException | null): Error {
  return error ?? new DOMException('The transaction was aborted.', 'AbortError');
}
