import {
  type CorrectionCallback,
  type CoValueHeader,
  type DBClientInterfaceAsync,
  type RawCoID,
  StorageApiAsync,
} from 'cojson';
import { getIndexedDBStorage } from 'cojson-storage-indexeddb';
import type { NewContent } from './content.ts';

/**
 * What this room uses of cojson-storage-indexeddb 0.20 that is not public there, all in this file. This room's browser
 * tests fail when it moves.
 */
export interface Stock {
  readonly api: StorageApiAsync;
  readonly client: StockClient;
  /** One write, from header to commit. False where cojson could not give what was missing; rejects when nothing was written. */
  storeSingle(content: NewContent, correct: CorrectionCallback): Promise<boolean>;
  /** Reads the same database, and has no part in what the storage believes that its node has. */
  createReader(): Pick<StorageApiAsync, 'load'>;
}

export interface StockClient extends Pick<
  DBClientInterfaceAsync,
  'getCoValue' | 'getCoValueSessions' | 'getSignatures' | 'getNewTransactionInSession'
> {
  db: IDBDatabase;
  transaction(
    run: (tx: StockTransaction) => Promise<unknown>,
    storeNames?: readonly string[],
  ): Promise<unknown>;
  upsertCoValue(id: RawCoID, header?: CoValueHeader): Promise<number | undefined>;
  trackCoValuesSyncState(
    updates: readonly { readonly id: RawCoID; readonly peerId: string; readonly synced: boolean }[],
  ): Promise<void>;
  getUnsyncedCoValueIDs(): Promise<RawCoID[]>;
}

export interface StockTransaction {
  readonly tx: { readonly tx: IDBTransaction };
}

export async function openStock(databaseName: string): Promise<Stock> {
  const api = await getIndexedDBStorage(databaseName);
  const storeSingle = api['storeSingle'] as Stock['storeSingle'];
  return {
    api,
    client: api['dbClient'] as StockClient,
    storeSingle: storeSingle.bind(api),
    createReader: () => new StorageApiAsync(api['dbClient'] as DBClientInterfaceAsync),
  };
}

/** A new connection for a storage whose connection the browser has closed. */
export async function reopenStock(stock: Stock, databaseName: string): Promise<void> {
  stock.client.db = (await openStock(databaseName)).client.db;
}
