import type { LocalNode, RawCoID, StorageApiAsync } from 'cojson';
import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import {
  sessionsOf,
  type Content,
  type SessionID,
  type Signature,
  type Transaction,
} from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { knownCountsOfContent, mergeCounts } from '../../engine/known-counts.ts';
import type { KernelDeviceStorage, StoredState } from '../kernel-device-storage.ts';
import { differingSessions } from '../kernel/known-states.ts';
import { readStockRows } from '../kernel/read-stock-database.ts';
import type { StockClient } from './stock-client.ts';
import { openStock } from './stock.ts';
import { accountDatabase } from '../account-database.ts';
import { createConnection } from '../kernel/idb-connection.ts';
import { createLedgerCompaction } from '../ledger/ledger-compaction.ts';
import { createQueuedLedger } from '../ledger/queued-ledger.ts';
import { pendingDebts } from '../ledger.ts';
import { stockDatabaseName } from '../stock-database.ts';
import { closed, storageErrorFrom } from '../storage-error.ts';
import type { PlacedID } from '../storage-inspection.ts';
import { createStorageStatus } from '../storage-status.ts';
import { createWriteQueue } from '../write-queue.ts';

interface Write {
  run(): Promise<void>;
  done?(): void;
}

/** Stock storage with durable writes: `done` means committed, failed writes are retried, and marks precede their content. */
export async function openIndexedDBStorage(options: {
  readonly accountID: string;
  readonly indexedDB: IDBFactory;
  readonly platform: Platform;
  readonly logger: Logger;
}): Promise<KernelDeviceStorage> {
  const { accountID, indexedDB, platform, logger } = options;
  const databaseName = stockDatabaseName(accountID);
  const stock = await openStock(databaseName, (error) => failed(error));
  const { api, client } = stock;

  const status = createStorageStatus('cojson-indexeddb', platform);
  const fail = (error: KernelError) => {
    logger.warn('Writing to this device failed', { code: error.code });
    status.failing(error);
    return error;
  };
  const failed = (error: unknown) => fail(storageErrorFrom(error, 'STORAGE_WRITE_FAILED'));
  const queue = createWriteQueue<Write>({
    clock: platform.clock,
    nextTask: platform.nextTask,
    maxBatch: 1,
    async write([write]) {
      if (!connected) {
        await stock.reopen();
        watch();
      }
      await write?.run();
    },
    done(write) {
      status.wrote();
      write.done?.();
    },
    failed,
  });

  let connected = true;
  let ended = false;
  let queuedContent = 0;
  const watch = () => {
    connected = true;
    const lose = () => {
      connected = false;
      fail(closed(undefined));
    };
    client.db.addEventListener('close', lose);
    // Another tab deletes or upgrades the database, which an open connection would block.
    client.db.addEventListener('versionchange', () => {
      client.db.close();
      lose();
    });
  };
  watch();
  const connection = createConnection({
    indexedDB,
    shape: accountDatabase(accountID),
    clock: platform.clock,
    lost: () => {},
  });
  const { clock, nextTask } = platform;
  const { begin } = connection;
  let node: LocalNode | undefined;
  const compaction = createLedgerCompaction({ clock, begin, logger });
  const ledger = createQueuedLedger({
    compaction,
    clock,
    nextTask,
    begin,
    push: queue.push,
    attempted: queue.attempted,
    marked: () => client.getUnsyncedCoValueIDs(),
    unmark: (id) => client.stopTrackingSyncState(id),
  });

  return {
    ledger,
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
            // Stock storage counts content as known before its commit; deleting the entry makes stock storage read again.
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
    useNode: (its) => void (node = its),
    stored: {
      ids: () => allIDs(client),
      async states(ids) {
        await queue.attempted();
        const contents = await contentOf(stock.createReader(), ids);
        return new Map([...contents].map(([id, content]) => [id, stateOf(id, content, node)]));
      },
    },
    load: (id, callback, done = () => {}) => {
      api.load(id, callback, done).catch((error: unknown) => {
        failed(error);
        done(false);
      });
    },
    // The ledger replaces cojson's own marks, which are written 200 ms after the content.
    trackCoValuesSyncState: (_updates, done) => done?.(),
    stopTrackingSyncState: () => {},
    getUnsyncedCoValueIDs: (callback) => callback([]),
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
      unconfirmed: async () => [...pendingDebts(await ledger.read(), []).keys()],
      read: (ids) => contentOf(stock.createReader(), ids),
      attempts: queue.attempts,
      quota: status.quota,
    },
    async close() {
      if (ended) return;
      ended = true;
      try {
        await queue.close();
      } finally {
        compaction.close();
        await api.close();
        client.db.close();
        connection.close();
      }
    },
  };
}

async function* allIDs({ db }: StockClient): AsyncGenerator<readonly PlacedID[]> {
  const ids = (await (await readStockRows(db))?.ids()) ?? [];
  yield ids.map((id, place) => ({ id, place }));
}

async function contentOf(reader: Pick<StorageApiAsync, 'load'>, ids: ReadonlySet<RawCoID>) {
  const found = new Map<RawCoID, readonly Content[]>();
  for (const id of ids) {
    const contents: Content[] = [];
    // The reader also returns dependencies.
    await reader.load(
      id,
      (content) => void (content.id === id && contents.push(content)),
      () => {},
    );
    if (contents.length > 0) found.set(id, contents);
  }
  return found;
}

function stateOf(id: RawCoID, contents: readonly Content[], node: LocalNode | undefined): StoredState {
  const { header: _, ...sessions } = contents.map(knownCountsOfContent).reduce(mergeCounts, {});
  const runs = new Map<SessionID, { transactions: readonly Transaction[]; signature: Signature }[]>();
  const signatures: Record<SessionID, Signature> = {};
  for (const [sessionID, { newTransactions, lastSignature }] of contents.flatMap(sessionsOf)) {
    const run = { transactions: newTransactions, signature: lastSignature };
    runs.set(sessionID, [...(runs.get(sessionID) ?? []), run]);
    signatures[sessionID] = lastSignature;
  }
  const forks = differingSessions(runs, node && getKnownCoValue(node, id));
  return { known: { id, header: true, sessions }, signatures, forks };
}
