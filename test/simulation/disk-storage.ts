import type { LocalNode } from 'cojson';
import type { Clock } from '../../src/base/clock.ts';
import { isEqual } from '../../src/base/equal.ts';
import { createReadable } from '../../src/base/readable.ts';
import { getKnownCoValue } from '../../src/engine/covalue-lookup.ts';
import { isDeleteSession, type RawCoID } from '../../src/engine/content.ts';
import type { StorageStatus } from '../../src/storage/device-storage.ts';
import { createKnownStates } from '../../src/storage/kernel/known-states.ts';
import { createLoads } from '../../src/storage/kernel/loads.ts';
import { messagesOf } from '../../src/storage/kernel/messages/stored-messages.ts';
import { contiguousRuns, knownStateOf, storedStateOf } from '../../src/storage/kernel/pieces.ts';
import { planWrites, type ContentWrite } from '../../src/storage/kernel/plan-writes.ts';
import type { KernelDeviceStorage } from '../../src/storage/kernel-device-storage.ts';
import { storageErrorFrom } from '../../src/storage/storage-error.ts';
import type { LedgerFacts } from '../../src/storage/ledger.ts';
import { createWriteQueue } from '../../src/storage/write-queue.ts';
import type { DeviceDisk } from './device-disk.ts';
import type { Dice } from './random.ts';

type Write =
  | (ContentWrite & { readonly kind: 'content'; readonly done: (() => void) | undefined; isWhole: boolean })
  | { readonly kind: 'facts'; readonly facts: Partial<LedgerFacts>; readonly done?: () => void };

/** One tab's access to the device's disk. It stops with the tab's clock, which discards queued writes. */
export type DiskStorage = KernelDeviceStorage;

const writeMs = 30;
const readMs = 10;

/**
 * Replaces IndexedDB below the kernel's storage code. Queued and committed writes are separate, a commit is atomic, and
 * time passes before it and before its result arrives.
 */
export function openDiskStorage(
  disk: DeviceDisk,
  options: { readonly clock: Clock; readonly dice: Dice; nextTask(): Promise<void>; readonly tab: string },
): DiskStorage {
  const { clock, dice, nextTask, tab } = options;
  let node: LocalNode | undefined;
  const known = createKnownStates((id) => node && getKnownCoValue(node, id));
  const deletions = new Set<RawCoID>();
  const status = createReadable<StorageStatus>({ kind: 'kernel', state: 'ok' }, isEqual);
  let isClosed = false;
  let queuedContent = 0;

  function failed(cause: unknown) {
    const error = storageErrorFrom(cause, 'STORAGE_WRITE_FAILED');
    status.set({ kind: 'kernel', state: 'failing', error });
    return error;
  }
  const queue = createWriteQueue<Write>({
    clock,
    nextTask,
    maxBatch: 2_000,
    write,
    done(write) {
      if (write.kind === 'content') {
        queuedContent--;
        if (write.isWhole) write.done?.();
      } else write.done?.();
    },
    failed,
  });

  function wait(maxMs: number): Promise<void> {
    return new Promise((resolve) => void clock.after(dice.between(0, maxMs), resolve));
  }

  async function write(writes: readonly Write[]): Promise<void> {
    const contents = writes.filter((write) => write.kind === 'content');
    for (const { content } of contents) {
      const isKnown = known.get(content.id) !== undefined && !known.mustCompare(content.id);
      const stored = isKnown ? undefined : disk.stored(content.id);
      if (stored) known.read(stored);
    }
    const plan = planWrites(contents, known.get, known.isFork);
    await wait(writeMs);
    if (disk.isFailing) throw new DOMException('no room', 'QuotaExceededError');
    disk.commit({
      by: tab,
      pieces: plan.pieces,
      facts: writes.flatMap((write) => (write.kind === 'facts' ? write.facts : [])),
      deleted: plan.pieces
        .filter(({ id, runs }) => deletions.has(id) && runs.some((run) => isDeleteSession(run.sessionID)))
        .map(({ id }) => id),
    });
    await wait(writeMs);
    if (!loads.isFailing) status.set({ kind: 'kernel', state: 'ok' });
    for (const state of plan.known.values()) known.add(state);
    for (const content of contents) content.isWhole = plan.whole.has(content);
  }

  /** Reads run after all earlier writes. */
  async function reading(): Promise<void> {
    await queue.attempted();
    await wait(readMs);
    if (!disk.isUnreadable) return;
    disk.failedReads++;
    throw new DOMException('no data', 'UnknownError');
  }

  const loads = createLoads({
    async read(ids) {
      await reading();
      return new Map([...ids].map((id) => [id, disk.read(id)]));
    },
    known,
    clock,
    nextTask,
    failed,
    recovered: () => status.set({ kind: 'kernel', state: 'ok' }),
  });

  /** cojson's callbacks have no error path. */
  function answer<T>(read: () => T, callback: (value: T) => void, otherwise: T): void {
    reading().then(
      () => callback(read()),
      (error: unknown) => {
        failed(error);
        callback(otherwise);
      },
    );
  }

  async function storedState(id: RawCoID) {
    await reading();
    const stored = disk.stored(id);
    return stored && knownStateOf(stored);
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
      if (isClosed) return;
      queuedContent++;
      queue.push({ kind: 'content', content, correct, done, isWhole: false });
    },
    async loadNewer({ header, state: { id, sessions } }) {
      await reading();
      const newer = [...(disk.stored(id)?.runs ?? [])].map(
        ([sessionID, runs]) => [sessionID, contiguousRuns(runs, sessions[sessionID])] as const,
      );
      const runs = new Map(newer.filter(([, contiguous]) => contiguous.length > 0));
      if (runs.size === 0) return [];
      const stored = { id, header, runs };
      known.add(knownStateOf(stored));
      return messagesOf(stored);
    },
    stored: {
      async *ids() {
        await reading();
        yield disk.ids.map((id) => ({ id }));
      },
      async states(ids) {
        await reading();
        const states = [...ids].flatMap((id) => disk.stored(id) ?? []);
        return new Map(states.map((stored) => [stored.id, storedStateOf(stored, known.forksOf(stored))]));
      },
    },
    useNode: (its) => void (node = its),
    load: (id, onContent, onDone = () => {}) => loads.load(id as RawCoID, onContent, onDone),
    ledger: {
      useRelays: disk.ledger.useRelays,
      add: (facts) => queue.push({ kind: 'facts', facts }),
      settled: () => {},
      attempted: queue.attempted,
      written: () => new Promise((done) => queue.push({ kind: 'facts', facts: {}, done })),
      async read() {
        await reading();
        return disk.ledger.contents();
      },
      isIntact: () => Promise.resolve(true),
    },
    trackCoValuesSyncState: (_updates, done) => done?.(),
    stopTrackingSyncState: () => {},
    getUnsyncedCoValueIDs: (callback) => callback([]),
    loadKnownState(id, callback) {
      const state = known.get(id as RawCoID);
      if (state) callback(state);
      else
        storedState(id as RawCoID).then(callback, (error: unknown) => {
          failed(error);
          callback(undefined);
        });
    },
    getKnownState: (id) => known.get(id as RawCoID) ?? { id: id as RawCoID, header: false, sessions: {} },
    waitForSync: (id, coValue) => known.whenCovers(id as RawCoID, coValue),
    markDeleteAsValid: (id) => void deletions.add(id),
    enableDeletedCoValuesErasure: () => disk.erase(),
    async eraseAllDeletedCoValues() {
      await reading();
      disk.erase();
    },
    getCoValueIDs: (limit, offset, callback) =>
      answer(() => disk.ids.slice(offset, offset + limit).map((id) => ({ id })), callback, []),
    getCoValueCount: (callback) => answer(() => disk.ids.length, callback, 0),
    tryAcquireStorageReconciliationLock: (_session, _peer, callback) =>
      callback({ acquired: false, reason: 'not_due' }),
    renewStorageReconciliationLock: () => {},
    releaseStorageReconciliationLock: () => {},
    onCoValueUnmounted(id) {
      loads.forget(id);
      known.forget(id);
    },
    async close() {
      isClosed = true;
      await queue.close();
    },
  };
}
