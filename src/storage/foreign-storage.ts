import { type LocalNode, type StorageAPI, StorageApiAsync } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { KernelError } from '../base/kernel-error.ts';
import { createReadable, type Readable, type Writable } from '../base/readable.ts';
import { retry } from '../base/retry.ts';
import { wrapMethod } from '../engine/wrap-method.ts';
import type { StorageStatus } from './device-storage.ts';
import { committedTransaction, committedUpsert } from './stock/committed-writes.ts';
import type { StockClient } from './stock/stock-client.ts';
import { closed, storageErrorFrom } from './storage-error.ts';

const statuses = new WeakMap<StorageAPI, Readable<StorageStatus>>();

/**
 * The status of a storage that the kernel did not create. cojson's IndexedDB storage, which counts what it failed to write
 * as stored, from here on waits for each commit and retries.
 */
export function followForeignStorage({ storage }: LocalNode, clock: Clock): Readable<StorageStatus> {
  if (!storage) return createReadable<StorageStatus>({ kind: 'memory', state: 'memory-only' });
  const known = statuses.get(storage);
  if (known) return known;
  const status = createReadable<StorageStatus>({ kind: 'custom', state: 'ok' });
  statuses.set(storage, status);
  if (storage instanceof StorageApiAsync) {
    const client: unknown = storage['dbClient'];
    if (isStockClient(client)) retryWrites(storage, client, { status, clock });
  }
  return status;
}

function isStockClient(client: unknown): client is StockClient {
  const isObject = typeof client === 'object' && client !== null;
  return typeof IDBDatabase === 'function' && isObject && 'db' in client && client.db instanceof IDBDatabase;
}

function retryWrites(
  storage: StorageApiAsync,
  client: StockClient,
  { status, clock }: { readonly status: Writable<StorageStatus>; readonly clock: Clock },
): void {
  const ending = new AbortController();

  /** The storage does one write at a time, so whatever is queued behind this one waits, too. */
  async function untilWritten<T>(write: () => Promise<T>): Promise<T> {
    let failure: KernelError | undefined;
    const written = await retry(async () => ({ result: await write() }), {
      clock,
      signal: ending.signal,
      failed(error) {
        failure = storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
        status.set({ kind: 'custom', state: 'failing', error: failure });
      },
    });
    if (!written) throw failure ?? closed(undefined);
    if (failure) status.set({ kind: 'custom', state: 'ok' });
    return written.result;
  }

  wrapMethod(client, 'transaction', (next) => {
    const transaction = committedTransaction(next);
    // Other transactions hold no content, and cojson waits for one of them before it closes the storage.
    return (run, storeNames) => (storeNames ? next(run, storeNames) : untilWritten(() => transaction(run)));
  });
  wrapMethod(
    client,
    'upsertCoValue',
    () =>
      (...args) =>
        untilWritten(() => committedUpsert(client.db, ...args)),
  );
  wrapMethod(storage, 'close', (next) => () => {
    ending.abort();
    // The status has reported the failure.
    return next()?.catch(() => {});
  });
}
