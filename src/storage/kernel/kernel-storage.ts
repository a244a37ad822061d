import type { LocalNode } from 'cojson';
import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { accountDatabase, stores } from '../account-database.ts';
import type { RawCoID } from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { resultOf } from '../indexed-db.ts';
import { stockDatabaseName } from '../stock-database.ts';
import { closed, storageErrorFrom } from '../storage-error.ts';
import type { PlacedID } from '../storage-inspection.ts';
import { createStorageStatus } from '../storage-status.ts';
import { createLedgerCompaction } from '../ledger/ledger-compaction.ts';
import { readMarkedLedger } from '../ledger/read-marked-ledger.ts';
import { pendingDebts } from '../ledger.ts';
import { createCompaction } from './compaction.ts';
import { createConnection } from './idb-connection.ts';
import { eraseHistory } from './erase-history.ts';
import { createKnownStates, idsPerPage } from './known-states.ts';
import { createLoads } from './loads.ts';
import { readNewerContent } from './newer-content.ts';
import { createStockContent } from './stock-content.ts';
import { messagesOf } from './messages/stored-messages.ts';
import { joinAll, storedStateOf, type Piece } from './pieces.ts';
import { readIDs, readPieces, readState } from './segments.ts';
import { startStockMigration } from './stock-migration.ts';
import { createWrites } from './writes.ts';

/** Delay before probing the database after a failed read. */
const probeDelayMs = 500;

/** Limited per transaction, because reads block writes. */
const idsPerTransaction = 1_000;

/** Commits content, with what is owed of it, before `done`. Writes only add records, so tabs overwrite nothing. */
export async function openKernelStorage(options: {
  readonly accountID: string;
  readonly indexedDB: IDBFactory;
  readonly platform: Pick<Platform, 'clock' | 'nextTask' | 'locks' | 'storageManager'>;
  readonly logger: Logger;
}): Promise<KernelDeviceStorage> {
  const { accountID, indexedDB, platform, logger } = options;
  const { clock, nextTask } = platform;
  const stock = createStockContent(indexedDB, accountID);
  const connection = createConnection({
    indexedDB,
    shape: accountDatabase(accountID),
    clock,
    lost() {
      writes.lost();
      readingFailed(closed(undefined));
    },
  });
  const { begin } = connection;
  const status = createStorageStatus('kernel', platform);
  const known = createKnownStates(
    (id) => node && getKnownCoValue(node, id),
    () => readPages(idsPerPage),
  );
  const deletions = new Set<RawCoID>();
  let ended: Promise<void> | undefined;
  let isErasing = false;
  let node: LocalNode | undefined;

  function failed(cause: unknown, isReading?: true): KernelError {
    const error = storageErrorFrom(cause, 'STORAGE_WRITE_FAILED', isReading);
    logger.warn('This device’s database failed', { code: error.code });
    status.failing(error);
    return error;
  }

  /** A probe clears the failure, because there may be no queued write whose success would. */
  function readingFailed(cause: unknown): KernelError {
    const error = failed(cause, true);
    clock.after(probeDelayMs, () => {
      if (!ended) writes.probe();
    });
    return error;
  }

  async function read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>> {
    const migratable = await stock.read(ids);
    const transaction = await begin('readonly', [stores.segments]);
    const state = writes.isMarked && !known.isListing ? undefined : await readState(transaction);
    if (!writes.isMarked) writes.found(state?.mark);
    const unlisted = new Set([...ids].filter((id) => !known.lacks(id, state)));
    const pieces = new Map(await readPieces(transaction, unlisted));
    known.missed(unlisted.size - pieces.size, state);
    for (const [id, piece] of migratable) pieces.set(id, [piece, ...(pieces.get(id) ?? [])]);
    return pieces;
  }

  const writes = createWrites({
    clock,
    nextTask,
    known,
    connect: connection.open,
    begin,
    read,
    isUnread: (id) => loads.failures.has(id),
    inMemory: () => node?.allCoValues() ?? [],
    isDeleted: (id) => deletions.has(id),
    wrote({ segments, hasDeleted, facts }) {
      // While reads fail, what was not found may be stored.
      if (!loads.isFailing) status.wrote();
      ledgerCompaction.wrote(facts);
      compaction.wrote(segments);
      if (isErasing && hasDeleted) void erase();
    },
    failed,
  });

  const ledgerCompaction = createLedgerCompaction({ clock, begin, logger });
  const compaction = createCompaction({
    clock,
    begin,
    isIdle: () =>
      writes.length === 0 && status.readable.current.state === 'ok' && migration?.isDone !== false,
    nextTask,
    logger,
  });

  /** Begins once all content queued so far has been attempted. */
  async function beginReadingSegments(): Promise<IDBTransaction> {
    await writes.contentAttempted();
    return begin('readonly', [stores.segments]);
  }

  const loads = createLoads({
    async read(ids) {
      await writes.contentAttempted(ids);
      return read(ids);
    },
    known,
    clock,
    nextTask,
    failed: readingFailed,
    // There may be no queued write whose success would clear the failure.
    recovered: () => writes.probe(),
  });

  const [stockCount] = await Promise.all([stock.count(), connection.open()]);
  if (stockCount !== undefined) status.migrating({ done: 0, total: stockCount });
  const migration =
    stockCount !== undefined
      ? startStockMigration({
          ...options,
          progress: status.migrating,
          failed: status.migrationFailed,
          done() {
            status.migrating(undefined);
            if (isErasing) void erase();
          },
        })
      : undefined;

  async function erase(): Promise<void> {
    // Content still to be migrated would bring the history back.
    if (migration && !migration.isDone) return;
    try {
      await writes.attempted();
      const ids = await resultOf(
        (await begin('readonly', [stores.deleted])).objectStore(stores.deleted).getAllKeys(),
      );
      for (const id of ids)
        await eraseHistory(await begin('readwrite', [stores.segments, stores.deleted]), id as RawCoID);
    } catch (error) {
      // Retried at the next start.
      logger.warn('The history of deleted CoValues could not be erased', { error });
    }
  }

  /** cojson's callbacks have no error path: report the failure, then answer with the fallback. */
  function answer<T>(reading: Promise<T>, callback: (value: T) => void, otherwise: T): void {
    reading.then(callback, (error: unknown) => {
      readingFailed(error);
      callback(otherwise);
    });
  }

  async function storedStates(ids: ReadonlySet<RawCoID>) {
    await writes.contentAttempted(ids);
    return new Map(
      joinAll(await read(ids)).map((stored) => [stored.id, storedStateOf(stored, known.forksOf(stored))]),
    );
  }

  const readDatabaseMark = async () => (await readState(await begin('readonly', [stores.segments])))?.mark;

  const readLedger = () =>
    readMarkedLedger({
      marked: stock.unconfirmed,
      wasBegun: async () => (await readDatabaseMark()) !== undefined,
      begin,
      clock,
      nextTask,
      compaction: ledgerCompaction,
    });

  // For inspection, `allIDs` and `contentOf` do not wait for queued writes, which may never finish on a full device.

  async function placedIDs(page: Parameters<typeof readIDs>[1]): Promise<readonly PlacedID[]> {
    return readIDs(await beginReadingSegments(), page);
  }

  async function* allIDs(): AsyncGenerator<readonly PlacedID[]> {
    yield (await stock.ids()).map((id, place) => ({ id, place }));
    for await (const { ids } of readPages(idsPerTransaction)) yield ids;
  }

  /** Does not wait for queued writes. */
  async function* readPages(limit: number) {
    for (let after: RawCoID | undefined, isLast = false; !isLast;) {
      const transaction = await begin('readonly', [stores.segments]);
      const state = await readState(transaction);
      const ids = await readIDs(transaction, { after, limit });
      after = ids.at(-1)?.id;
      isLast = ids.length < limit;
      yield { state, ids, isLast };
    }
  }

  async function contentOf(ids: ReadonlySet<RawCoID>) {
    return new Map(joinAll(await read(ids)).map((stored) => [stored.id, messagesOf(stored)]));
  }

  async function end(): Promise<void> {
    try {
      await writes.close();
    } finally {
      compaction.close();
      loads.close();
      ledgerCompaction.close();
      await migration?.close();
      stock.close();
      connection.close();
    }
  }

  return {
    status: status.readable,
    get queuedWrites() {
      return writes.length;
    },
    get queuedContent() {
      return writes.contentLength;
    },
    store(content, correct, done) {
      if (ended) return;
      loads.has(content.id);
      writes.store(content, correct, done);
    },
    useNode: (its) => void (node = its),
    stored: { ids: allIDs, states: storedStates },
    load: (id, onContent, onDone = () => {}) => loads.load(id as RawCoID, onContent, onDone),
    readFailure: (id) => loads.failures.get(id as RawCoID),
    async loadNewer(have, saved) {
      const newer = await readNewerContent(await beginReadingSegments(), have, saved);
      if (newer.contents.length > 0) known.add(newer.state);
      return newer.contents;
    },
    ledger: {
      useRelays(relayIDs) {
        ledgerCompaction.useRelays(relayIDs);
        writes.useRelays(relayIDs);
      },
      add: writes.add,
      settled: writes.settled,
      attempted: writes.attempted,
      written: writes.written,
      async read() {
        await writes.attempted();
        return readLedger();
      },
      isIntact: async () => writes.isOnly(await readDatabaseMark()),
    },
    // The ledger replaces cojson's own marks, which are written after the content, so a crash can leave content without one.
    trackCoValuesSyncState: (_updates, done) => done?.(),
    stopTrackingSyncState: () => {},
    getUnsyncedCoValueIDs: (callback) => callback([]),
    loadKnownState(id, callback) {
      const rawID = id as RawCoID;
      const state = known.get(rawID);
      if (state) return callback(state);
      const reading = storedStates(new Set([rawID])).then((states) => states.get(rawID)?.known);
      answer(reading, callback, undefined);
    },
    getKnownState: (id) => known.get(id as RawCoID) ?? { id: id as RawCoID, header: false, sessions: {} },
    waitForSync: (id, coValue) => known.whenCovers(id as RawCoID, coValue),
    markDeleteAsValid: (id) => void deletions.add(id),
    enableDeletedCoValuesErasure() {
      isErasing = true;
      void erase();
    },
    eraseAllDeletedCoValues: erase,
    getCoValueIDs: (limit, offset, callback) =>
      answer(
        placedIDs({ limit, offset }).then((ids) => ids.map(({ id }) => ({ id }))),
        callback,
        [],
      ),
    getCoValueCount: (callback) =>
      answer(
        placedIDs({}).then(({ length }) => length),
        callback,
        0,
      ),
    // The kernel's sync makes sure that a relay gets what it lacks.
    tryAcquireStorageReconciliationLock: (_session, _peer, callback) =>
      callback({ acquired: false, reason: 'not_due' }),
    renewStorageReconciliationLock: () => {},
    releaseStorageReconciliationLock: () => {},
    onCoValueUnmounted(id) {
      loads.forget(id);
      known.forget(id);
    },
    inspection: {
      databases: () => [
        accountDatabase(accountID).name,
        ...(migration?.isDone === false ? [stockDatabaseName(accountID)] : []),
      ],
      ids: allIDs,
      unconfirmed: async () => [...pendingDebts(await readLedger(), []).keys()],
      read: contentOf,
      attempts: writes.attempts,
      quota: status.quota,
    },
    close: () => (ended ??= end()),
  };
}
