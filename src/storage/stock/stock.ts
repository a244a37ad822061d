import { type CorrectionCallback, StorageApiAsync } from 'cojson';
import type { Content } from '../../engine/content.ts';
import { committedTransaction, committedUpsert } from './committed-writes.ts';
import { LoadOnceStorage } from './load-dependencies-once.ts';
import { shareReads } from './shared-reads.ts';
import { openStockClient, overrideClient, type StockClient } from './stock-client.ts';

/** cojson-storage-indexeddb 0.20 with its private parts; only this folder uses them, and its browser tests check them. */
export interface Stock {
  readonly api: StorageApiAsync;
  readonly client: StockClient;
  /** One write, from header to commit. False if cojson could not supply what was missing; rejects if nothing was written. */
  storeSingle(content: Content, correct: CorrectionCallback): Promise<boolean>;
  /** Reads the same database without changing the known states of `api`. */
  createReader(): Pick<StorageApiAsync, 'load'>;
  /** Replaces a connection that the browser closed. */
  reopen(): Promise<void>;
}

export async function openStock(
  databaseName: string,
  onDependencyFailed: (error: unknown) => void,
): Promise<Stock> {
  const { client: original, reopen } = await openStockClient(databaseName);
  const committing = overrideClient(original, {
    transaction: committedTransaction((...args) => original.transaction(...args)),
    upsertCoValue: (...args) => committedUpsert(original.db, ...args),
  });
  const client = shareReads(committing);
  const api = new LoadOnceStorage(client, onDependencyFailed);
  const storeSingle = api['storeSingle'] as Stock['storeSingle'];
  return {
    api,
    client,
    storeSingle: storeSingle.bind(api),
    createReader: () => new StorageApiAsync(client),
    reopen,
  };
}
