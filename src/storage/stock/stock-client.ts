import type { DBClientInterfaceAsync, DBTransactionInterfaceAsync, StorageApiAsync } from 'cojson';
import { getIndexedDBStorage } from 'cojson-storage-indexeddb';

/** The database client of cojson-storage-indexeddb 0.20, with its private connection. */
export interface StockClient extends DBClientInterfaceAsync {
  readonly db: IDBDatabase;
  transaction(
    run: (tx: StockTransaction) => Promise<unknown>,
    storeNames?: readonly string[],
  ): Promise<unknown>;
}

export interface StockTransaction extends DBTransactionInterfaceAsync {
  readonly tx: { readonly tx: IDBTransaction };
}

/** A client whose connection can be replaced after the browser closes it. */
export async function openStockClient(
  databaseName: string,
): Promise<{ readonly client: StockClient; reopen(): Promise<void> }> {
  const original = await openOriginal(databaseName);
  let { db } = original;
  return {
    client: overrideClient(original, {
      get db() {
        return db;
      },
    }),
    async reopen() {
      ({ db } = await openOriginal(databaseName));
    },
  };
}

async function openOriginal(databaseName: string): Promise<StockClient> {
  const api: StorageApiAsync = await getIndexedDBStorage(databaseName);
  return api['dbClient'] as StockClient;
}

/** The remaining methods stay those of `client`, which call the overrides through `this`. */
export function overrideClient(client: StockClient, overrides: Partial<StockClient>): StockClient {
  return Object.setPrototypeOf(overrides, client) as StockClient;
}
