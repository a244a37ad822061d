import type { RawCoID, StorageApiAsync } from 'cojson';
import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { awaitCommits } from '../committed-transactions.ts';
import type { NewContent } from '../content.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { readStockRows } from '../kernel/read-stock-database.ts';
import { shareReads } from './shared-reads.ts';
import { loadDependenciesOnce } from '../load-dependencies-once.ts';
import { openStock, reopenStock, type StockClient } from '../stock.ts';
import { closed, storageErrorFrom } from '../storage-error.ts';
import type { PlacedID } from '../storage-inspection.ts';
import { createStorageStatus } from '../storage-status.ts';
import { unconfirmedMark } from '../unconfirmed-mark.ts';
import { createWriteQueue } from '../write-queue.ts';

interface Write {
  run(): Promise<void>;
  done?(): void;
}

/**
 * cojson-storage-indexeddb with writes that tell the truth: `done` means that the transaction completed, a write that
 * fails is retried and shows in `status`, and marks stand before the content they speak of.
 */
export async function openIndexedDBStorage(options: {
  readonly databaseName: string;
  readonly platform: Platform;
  readonly logger: Logger;
}): Promise<KernelDeviceStorage> {
  const { databaseName, platform, logger } = options;
  const stock = await openStock(databaseName);
  const { api, client } = stock;
  awaitCommits(client);
  shareReads(client);

  const status = createStorageStatus('cojson-indexeddb', platform);
  const fail = (error: KernelError) => {
    logger.warn('Writing to this device failed', { code: error.code });
    status.failing(error);
    return error;
  };
  const readingFailed = (error: unknown) => fail(storageErrorFrom(error, 'STORAGE_WRITE_FAILED'));
  const load = loadDependenciesOnce(api, readingFailed);
  const queue = createWriteQueue<Write>({
    clock: platform.clock,
    nextTask: platform.nextTask,
    atOnce: 1,
    async write([write]) {
      if (!connected) {
        await reopenStock(stock, databaseName);
        watch();
      }
      await write?.run();
    },
    done(write) {
      status.wrote();
      write.done?.();
    },
    failed: (error) => fail(storageErrorFrom(error, 'STORAGE_WRITE_FAILED')),
  });

  let connected = true;
  let ended = false;
  let queuedContent = 0;
  const watch = () => {
    connected = true;
    client.db.addEventListener('close', () => {
      connected = false;
      fail(closed(undefined));
    });
    // Another tab deletes or upgrades the database: holding on would block it.
    client.db.addEventListener('versionchange', () => {
      connected = false;
      client.db.close();
      fail(closed(undefined));
    });
  };
  watch();

  return {
    status: status.readable,
    get queuedWrites() {
      return queue.length;
    },
    get queuedContent() {
      return queuedContent;
    },
    store(content, correct, done) {
      let written = false;
      queuedContent++;
      queue.push({
        async run() {
          try {
            written = await stock.storeSingle(content, correct);
          } catch (error) {
            // Counted ahead of the commit by the stock storage; forgotten, it is read from the database again.
            api.knownStates.knownStates.delete(content.id);
            throw error;
          }
        },
        done() {
          queuedContent--;
          if (written) done?.();
        },
      });
    },
    load: (id, callback, done = () => {}) => {
      load(id, callback, done).catch((error: unknown) => {
        readingFailed(error);
        done(false);
      });
    },
    // cojson writes marks of its own 200 ms after the content, so a crash leaves content without one: they are left out.
    trackCoValuesSyncState(updates, done) {
      const own = updates.filter(({ peerId }) => peerId === unconfirmedMark);
      if (own.length === 0) done?.();
      else queue.push({ run: () => client.trackCoValuesSyncState(own), ...(done && { done }) });
    },
    stopTrackingSyncState: () => {},
    getUnsyncedCoValueIDs(callback) {
      let ids: RawCoID[] = [];
      queue.push({
        async run() {
          ids = await client.getUnsyncedCoValueIDs();
        },
        done: () => callback(ids),
      });
    },
    loadKnownState: (id, callback) => api.loadKnownState(id, callback),
    getKnownState: (id) => api.getKnownState(id),
    waitForSync: (id, coValue) => api.waitForSync(id, coValue),
    markDeleteAsValid: (id) => api.markDeleteAsValid(id),
    enableDeletedCoValuesErasure: () => api.enableDeletedCoValuesErasure(),
    eraseAllDeletedCoValues: () => api.eraseAllDeletedCoValues(),
    getCoValueIDs: (limit, offset, callback) => api.getCoValueIDs(limit, offset, callback),
    getCoValueCount: (callback) => api.getCoValueCount(callback),
    tryAcquireStorageReconciliationLock: (session, peer, callback) =>
      api.tryAcquireStorageReconciliationLock(session, peer, callback),
    renewStorageReconciliationLock: (session, peer, offset) =>
      api.renewStorageReconciliationLock(session, peer, offset),
    releaseStorageReconciliationLock: (session, peer) => api.releaseStorageReconciliationLock(session, peer),
    onCoValueUnmounted: (id) => api.onCoValueUnmounted(id),
    inspection: {
      databases: () => [databaseName],
      ids: () => allIDs(client),
      unconfirmed: () => client.getUnsyncedCoValueIDs(),
      read: (ids) => contentOf(stock.createReader(), ids),
      tries: queue.tries,
      room: status.room,
    },
    async close() {
      if (ended) return;
      ended = true;
      try {
        await queue.close();
      } finally {
        await api.close();
        client.db.close();
      }
    },
  };
}

async function* allIDs({ db }: StockClient): AsyncGenerator<readonly PlacedID[]> {
  const ids = (await (await readStockRows(db))?.ids()) ?? [];
  yield ids.map((id, place) => ({ id, place }));
}

async function contentOf(reader: Pick<StorageApiAsync, 'load'>, ids: ReadonlySet<RawCoID>) {
  const found = new Map<RawCoID, readonly NewContent[]>();
  for (const id of ids) {
    const contents: NewContent[] = [];
    // It hands out what that depends on, too.
    await reader.load(
      id,
      (content) => void (content.id === id && contents.push(content)),
      () => {},
    );
    if (contents.length > 0) found.set(id, contents);
  }
  return found;
}
