import type { Logger } from '../../platform/logger.ts';
import type { KernelError } from '../../platform/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { createReadable } from '../../platform/readable.ts';
import { accountDatabase, stores } from '../account-database.ts';
import { isDeleteSession, type RawCoID } from '../content.ts';
import type { DeviceStorage, StorageStatus } from '../device-storage.ts';
import { committing, resultOf } from '../indexed-db.ts';
import { closed, storageErrorFrom } from '../storage-error.ts';
import { unconfirmedMark } from '../unconfirmed-mark.ts';
import { createWriteQueue } from '../write-queue.ts';
import { createConnection } from './connection.ts';
import { eraseHistory } from './erase.ts';
import { createKnownStates } from './known-states.ts';
import { createLoads } from './loads.ts';
import { readNewer } from './newer.ts';
import { joinPieces, knownStateOf } from './pieces.ts';
import { planWrites, type ContentWrite } from './plan-writes.ts';
import { addPieces, readIDs, readPieces } from './segments.ts';

type Write =
  | (ContentWrite & { readonly kind: 'content'; readonly done: (() => void) | undefined; isWhole: boolean })
  | {
      readonly kind: 'mark';
      readonly id: RawCoID;
      readonly isSet: boolean;
      readonly done?: (() => void) | undefined;
    };

/** For one transaction: what waits longer than it takes is written by the next one. */
const mostWritesAtOnce = 2_000;

/**
 * Our own engine. Whatever waits is written in one transaction, marks and content together, and `done` means that it has
 * committed. Nothing that was written is ever changed, so that tabs cannot write over each other.
 */
export async function openKernelStorage(options: {
  readonly accountID: string;
  readonly indexedDB: IDBFactory;
  readonly platform: Pick<Platform, 'clock' | 'nextTask'>;
  readonly logger: Logger;
}): Promise<DeviceStorage> {
  const { accountID, indexedDB, platform, logger } = options;
  const { clock, nextTask } = platform;
  const connection = createConnection(indexedDB, accountDatabase(accountID), () => fail(closed(undefined)));
  await connection.open();
  const known = createKnownStates();
  const deletions = new Set<RawCoID>();
  const status = createReadable<StorageStatus>({ kind: 'kernel', state: 'ok' });
  let queuedContent = 0;
  let ended: Promise<void> | undefined;
  let erases = false;

  function fail(error: KernelError): void {
    logger.warn('This device’s database failed', { code: error.code });
    status.set({ kind: 'kernel', state: 'failing', error });
  }
  const failed = (error: unknown) => fail(storageErrorFrom(error, 'STORAGE_WRITE_FAILED'));

  const queue = createWriteQueue<Write>({
    clock,
    atOnce: mostWritesAtOnce,
    write,
    done(each) {
      if (each.kind === 'content') {
        queuedContent--;
        if (each.isWhole) each.done?.();
      } else each.done?.();
    },
    failed,
    recovered: () => status.set({ kind: 'kernel', state: 'ok' }),
  });

  async function write(writes: readonly Write[]): Promise<void> {
    const contents = writes.filter((each) => each.kind === 'content');
    await learn(contents);
    const plan = planWrites(contents, known.get);
    const erased = plan.pieces.filter(
      ({ id, runs }) => deletions.has(id) && runs.some(({ sessionID }) => isDeleteSession(sessionID)),
    );
    const names = [stores.segments, stores.unconfirmed, stores.deleted];
    await committing(await begin('readwrite', names), (transaction) => {
      addPieces(transaction, plan.pieces);
      const unconfirmed = transaction.objectStore(stores.unconfirmed);
      for (const each of writes) {
        if (each.kind !== 'mark') continue;
        if (each.isSet) unconfirmed.put(1, each.id);
        else unconfirmed.delete(each.id);
      }
      for (const { id } of erased) transaction.objectStore(stores.deleted).put(1, id);
    });
    for (const state of plan.known.values()) known.add(state);
    for (const each of contents) each.isWhole = plan.whole.has(each);
    if (erases && erased.length > 0) void erase();
  }

  /** What this tab does not know of yet, and what is to be written goes on from. */
  async function learn(writes: readonly ContentWrite[]): Promise<void> {
    const goesOn = ({ content: { header, new: sessions } }: ContentWrite) =>
      !header || Object.values(sessions).some(({ after }) => after > 0);
    const ids = new Set(writes.filter(goesOn).flatMap(({ content: { id } }) => (known.get(id) ? [] : id)));
    if (ids.size === 0) return;
    const pieces = await readPieces(await begin('readonly', [stores.segments]), ids);
    for (const [id, ofIt] of pieces) {
      const stored = joinPieces(id, ofIt);
      if (stored) known.add(knownStateOf(stored));
    }
  }

  async function begin(mode: IDBTransactionMode, names: readonly string[]): Promise<IDBTransaction> {
    const db = await connection.open();
    return db.transaction(names, mode, { durability: 'strict' });
  }

  /** After all that was asked to be written before. */
  async function reading(name: string): Promise<IDBTransaction> {
    await queue.tried();
    return begin('readonly', [name]);
  }

  const loads = createLoads({
    read: async (ids) => readPieces(await reading(stores.segments), ids),
    known,
    timing: { nowMs: clock.nowMs, nextTask },
    failed,
  });

  async function erase(): Promise<void> {
    try {
      await queue.tried();
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
      failed(error);
      callback(otherwise);
    });
  }

  async function storedState(id: RawCoID) {
    const pieces = await readPieces(await reading(stores.segments), new Set([id]));
    const stored = joinPieces(id, pieces.get(id) ?? []);
    return stored && knownStateOf(stored);
  }

  async function end(): Promise<void> {
    try {
      await queue.close();
    } finally {
      connection.close();
    }
  }

  return {
    status,
    get queuedWrites() {
      return queue.length;
    },
    get queuedContent() {
      return queuedContent;
    },
    store(content, correct, done) {
      if (ended) return;
      queuedContent++;
      queue.push({ kind: 'content', content, correct, done, isWhole: false });
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
        const isLast = index === own.length - 1;
        queue.push({ kind: 'mark', id, isSet: !synced, done: isLast ? done : undefined });
      }
    },
    stopTrackingSyncState: () => {},
    getUnsyncedCoValueIDs: (callback) =>
      answer(
        reading(stores.unconfirmed).then((transaction) =>
          resultOf(transaction.objectStore(stores.unconfirmed).getAllKeys() as IDBRequest<RawCoID[]>),
        ),
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
        reading(stores.segments)
          .then((transaction) => readIDs(transaction, { limit, offset }))
          .then((ids) => ids.map((id) => ({ id }))),
        callback,
        [],
      ),
    getCoValueCount: (callback) =>
      answer(
        reading(stores.segments).then(async (transaction) => (await readIDs(transaction, {})).length),
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
    },
    close: () => (ended ??= end()),
  };
}
