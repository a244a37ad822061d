import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';

/** Work that is committed in groups: whatever came while the last commit ran goes into the next one. */
export interface CommitQueue<Entry> {
  push(entry: Entry): void;
  /** Calls `run` once all is committed that was pushed so far, for this id or, without one, at all; at once where nothing is pending. */
  afterCommit(id: string | undefined, run: () => void): void;
  /** How many entries wait for their commit. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** Why the last attempt failed; undefined once one succeeded. */
  readonly failure: unknown;
  /** Gives up what is pending: its `afterCommit` never runs. */
  stop(): void;
}

export interface CommitQueueOptions<Entry> {
  idOf(entry: Entry): string;
  bytesOf(entry: Entry): number;
  /** All of the batch or nothing. Tried again with the same batch when it rejects. */
  commit(batch: readonly Entry[]): Promise<void>;
  failed(error: unknown): void;
  /** After failed commits one went through; they count as failing until this resolves. Tried again when it rejects. */
  recovered?(): Promise<void>;
  /** Of an error that says nothing about the database: the batch is tried again, and nothing counts as failed. */
  isPassing?(error: unknown): boolean;
  readonly clock: Clock;
}

const maxBatchBytes = 8_000_000;
const firstRetryMs = 50;
const longestRetryMs = 5_000;

export function createCommitQueue<Entry>(options: CommitQueueOptions<Entry>): CommitQueue<Entry> {
  const { idOf, bytesOf, commit, failed, recovered, isPassing, clock } = options;
  let queue: Entry[] = [];
  let pushedCount = 0;
  let committedCount = 0;
  let pendingBytes = 0;
  /** The count of pushes at which an id's last entry went in; only ids with something pending. */
  const lastPushById = new Map<string, number>();
  let waiting: { readonly until: number; readonly run: () => void }[] = [];
  let failure: unknown;
  let isRunning = false;
  let isStopped = false;

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch();
      if (!(await commitUntilDone(batch))) return;
      settle(batch);
      // What sockets have received meanwhile is read now, and goes into the next commit too.
      await nextTurn();
    }
    isRunning = false;
  }

  function takeBatch(): readonly Entry[] {
    let bytes = 0;
    const end = queue.findIndex((entry, index) => (bytes += bytesOf(entry)) > maxBatchBytes && index > 0);
    const batch = queue.slice(0, end < 0 ? queue.length : end);
    queue = queue.slice(batch.length);
    return batch;
  }

  /** False when the queue was stopped before. */
  async function commitUntilDone(batch: readonly Entry[]): Promise<boolean> {
    for (let retryMs = firstRetryMs; !isStopped; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      try {
        await commit(batch);
        if (failure !== undefined) await recovered?.();
        failure = undefined;
        return true;
      } catch (error) {
        if (!isPassing?.(error)) {
          failure = error;
          failed(error);
        }
        await new Promise<void>((resolve) => clock.after(retryMs, resolve));
      }
    }
    return false;
  }

  function settle(batch: readonly Entry[]): void {
    committedCount += batch.length;
    for (const entry of batch) {
      pendingBytes -= bytesOf(entry);
      const id = idOf(entry);
      if ((lastPushById.get(id) ?? 0) <= committedCount) lastPushById.delete(id);
    }
    const ready = waiting.filter(({ until }) => until <= committedCount);
    waiting = waiting.filter(({ until }) => until > committedCount);
    for (const waiter of ready) waiter.run();
  }

  return {
    push(entry) {
      if (isStopped) return;
      queue.push(entry);
      pendingBytes += bytesOf(entry);
      lastPushById.set(idOf(entry), ++pushedCount);
      if (isRunning) return;
      isRunning = true;
      // What cojson handles in the same turn goes into the same commit.
      queueMicrotask(() => void run());
    },
    afterCommit(id, run) {
      const until = id === undefined ? pushedCount : (lastPushById.get(id) ?? 0);
      if (until <= committedCount) run();
      else waiting.push({ until, run });
    },
    get pending() {
      return pushedCount - committedCount;
    },
    get pendingBytes() {
      return pendingBytes;
    },
    get failure() {
      return failure;
    },
    stop() {
      isStopped = true;
    },
  };
}
