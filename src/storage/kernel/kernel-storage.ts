import type { KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { accountDatabase, stores } from '../account-database.ts';
import type { NewContent, RawCoID } from '../content.ts';
import type { KernelDeviceStorage } from '../kernel-device-storage.ts';
import { resultOf } from '../indexed-db.ts';
import { stockDatabaseName } from '../stock-database.ts';
import { closed, storageErrorFrom } from '../storage-error.ts';
import type { PlacedID } from '../storage-inspection.ts';
import { createStorageStatus } from '../storage-status.ts';
import { unconfirmedMark } from '../unconfirmed-mark.ts';
import { createCompaction } from './compaction.ts';
import { createConnection } from './idb-connection.ts';
import { eraseHistory } from './erase-history.ts';
import { createKnownStates } from './known-states.ts';
import { createLoads } from './loads.ts';
import { readNewer } from './newer-content.ts';
import { createOldContent } from './stock-content.ts';
import { joinPieces, knownStateOf, messagesOf, type Piece } from './pieces.ts';
import { readIDs, readPieces } from './segments.ts';
import { beginTakingOver } from './stock-migration.ts';
import { createWrites } from './writes.ts';

/** Before it is seen whether the database works again, though nothing is to be written. */
const againMs = 500;

/** For one transaction: who reads holds up who writes. */
const idsAtOnce = 1_000;

/**
 * Our own engine. Whatever waits is written in one transaction, marks and content together, and `done` means that it has
 * committed. Nothing that was written is ever changed, so that tabs cannot write over each other.
 */
export async function openKernelStorage(options: {
  readonly accountID: string;
  readonly indexedDB: IDBFactory;
  readonly platform: Pick<Platform, 'clock' | 'nextTask' | 'locks' | 'storageManager'>;
  readonly logger: Logger;
}): Promise<KernelDeviceStorage> {
  const { accountID, indexedDB, platform, logger } = options;
  const { clock, nextTask } = platform;
  const old = createOldContent(indexedDB, accountID);
  const connection = createConnection({
    indexedDB,
    shape: accountDatabase(accountID),
    clock,
    lost() {
      writes.lost();
      readingFailed(closed(undefined));
    },
    emptied: () => writes.writeAgain(),
  });
  const { begin } = connection;
  const status = createStorageStatus('kernel', platform);
  const known = createKnownStates();
  const deletions = new Set<RawCoID>();
  let ended: Promise<void> | undefined;
  let erases = false;

  function failed(cause: unknown): KernelError {
    const error = storageErrorFrom(cause, 'STORAGE_WRITE_FAILED');
    logger.warn('This device’s database failed', { code: error.code });
    status.failing(error);
    return error;
  }

  /** Nothing may wait to be written, whose success would say that it is over. */
  function readingFailed(cause: unknown): void {
    failed(cause);
    clock.after(againMs, () => {
      if (!ended) writes.probe();
    });
  }

  async function read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>> {
    const before = await old.read(ids);
    const pieces = new Map(await readPieces(await begin('readonly', [stores.segments]), ids));
    for (const [id, piece] of before) pieces.set(id, [piece, ...(pieces.get(id) ?? [])]);
    return pieces;
  }

  const writes = createWrites({
    clock,
    nextTask,
    known,
    connect: connection.open,
    begin,
    read,
    isDeleted: (id) => deletions.has(id),
    wrote({ segments, hasDeleted }) {
      status.wrote();
      compaction.wrote(segments);
      if (erases && hasDeleted) void erase();
    },
    failed,
  });

  const compaction = createCompaction({
    clock,
    begin,
    isIdle: () =>
      writes.length === 0 && status.readable.current.state === 'ok' && takingOver?.isDone !== false,
    nextTask,
    logger,
  });

  /** After all that was asked to be written before. */
  async function reading(name: string): Promise<IDBTransaction> {
    await writes.tried();
    return begin('readonly', [name]);
  }

  const loads = createLoads({
    async read(ids) {
      await writes.tried();
      return read(ids);
    },
    known,
    timing: { nowMs: clock.nowMs, nextTask },
    failed: readingFailed,
  });

  const [oldCount] = await Promise.all([old.count(), connection.open()]);
  if (oldCount !== undefined) status.takingOver({ done: 0, total: oldCount });
  const takingOver =
    oldCount !== undefined
      ? beginTakingOver({
          ...options,
          progress: status.takingOver,
          failed: status.takeoverFailed,
          done() {
            status.takingOver(undefined);
            if (erases) void erase();
          },
        })
      : undefined;

  async function erase(): Promise<void> {
    // What is still to be copied would come back.
    if (takingOver && !takingOver.isDone) return;
    try {
      await writes.tried();
      const ids = await resultOf(
        (await begin('readonly', [stores.deleted])).objectStore(stores.deleted).getAllKeys(),
      );
      for (const id of ids)
        await eraseHistory(await begin('readwrite', [stores.segments, stores.deleted]), id as RawCoID);
    } catch (error) {
      // It is tried again at the next start.
      logger.warn('The history of what was deleted is still on this device', { error });
    }
  }

  /** Answers cojson, who has no ear for a failure. */
  function answer<T>(reading_: Promise<T>, callback: (value: T) => void, otherwise: T): void {
    reading_.then(callback, (error: unknown) => {
      readingFailed(error);
      callback(otherwise);
    });
  }

  async function storedState(id: RawCoID) {
    await writes.tried();
    const stored = joinPieces(id, (await read(new Set([id]))).get(id) ?? []);
    return stored && knownStateOf(stored);
  }

  async function unconfirmed(asking: () => Promise<IDBTransaction>): Promise<RawCoID[]> {
    const before = await old.unconfirmed();
    const transaction = await asking();
    const ids = await resultOf(transaction.objectStore(stores.unconfirmed).getAllKeys());
    return [...new Set([...before, ...(ids as RawCoID[])])];
  }

  // Who looks in does not wait for what is to be written: on a full device that could take for ever.

  async function placedIDs(page: Parameters<typeof readIDs>[1]): Promise<readonly PlacedID[]> {
    return readIDs(await reading(stores.segments), page);
  }

  async function* allIDs(): AsyncGenerator<readonly PlacedID[]> {
    yield (await old.ids()).map((id, place) => ({ id, place }));
    for (let after: RawCoID | undefined; ;) {
      const page = await readIDs(await begin('readonly', [stores.segments]), { after, limit: idsAtOnce });
      if (page.length === 0) return;
      yield page;
      after = page.at(-1)?.id;
    }
  }

  async function contentOf(ids: ReadonlySet<RawCoID>) {
    const found = new Map<RawCoID, readonly NewContent[]>();
    for (const [id, pieces] of await read(ids)) {
      const stored = joinPieces(id, pieces);
      if (stored) found.set(id, messagesOf(stored));
    }
    return found;
  }

  async function end(): Promise<void> {
    try {
      await writes.close();
    } finally {
      compaction.close();
      await takingOver?.close();
      old.close();
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
    load: (id, onContent, onDone = () => {}) => loads.load(id as RawCoID, onContent, onDone),
    async loadNewer(have, saved) {
      const newer = await readNewer(await reading(stores.segments), have, saved);
      if (newer.contents.length > 0) known.add(newer.state);
      return newer.contents;
    },
    // cojson's own marks come after the content, so a crash leaves content without one: they are left out.
    trackCoValuesSyncState(updates, done) {
      const own = updates.filter(({ peerId }) => peerId === unconfirmedMark);
      if (own.length === 0) done?.();
      for (const [index, { id, synced }] of own.entries()) {
        writes.mark(id, !synced, index === own.length - 1 ? done : undefined);
      }
    },
    stopTrackingSyncState: () => {},
    getUnsyncedCoValueIDs: (callback) =>
      answer(
        unconfirmed(() => reading(stores.unconfirmed)),
        callback,
        [],
      ),
    loadKnownState(id, callback) {
      const state = known.get(id as RawCoID);
      if (state) callback(state);
      else answer(storedState(id as RawCoID), callback, undefined);
    },
    getKnownState: (id) => known.get(id as RawCoID) ?? { id: id as RawCoID, header: false, sessions: {} },
    waitForSync: (id, coValue) => known.whenCovers(id as RawCoID, coValue),
    markDeleteAsValid: (id) => void deletions.add(id),
    enableDeletedCoValuesErasure() {
      erases = true;
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
    // Sync itself sees to it that a relay gets what it lacks.
    tryAcquireStorageReconciliationLock: (_session, _peer, callback) =>
      callback({ acquired: false, reason: 'not_due' }),
    renewStorageReconciliationLock: () => {},
    releaseStorageReconciliationLock: () => {},
    onCoValueUnmounted(id) {
      loads.forget(id);
      known.forget(id);
      writes.forget(id);
    },
    inspection: {
      databases: () => [
        accountDatabase(accountID).name,
        ...(takingOver?.isDone === false ? [stockDatabaseName(accountID)] : []),
      ],
      ids: allIDs,
      unconfirmed: () => unconfirmed(() => begin('readonly', [stores.unconfirmed])),
      read: contentOf,
      tries: writes.tries,
      room: status.room,
    },
    close: () => (ended ??= end()),
  };
}
