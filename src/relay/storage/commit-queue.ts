import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';

/** Commits entries in groups: entries pushed during a commit go into the next one. */
export interface CommitQueue<Entry> {
  push(entry: Entry): void;
  /** Calls `run` once everything pushed so far, for one ID or for all, is committed; immediately if nothing is pending. */
  afterCommit(id: string | undefined, run: () => void): void;
  /** The number of uncommitted entries. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** Why the last attempt failed; undefined after a success. */
  readonly failure: unknown;
  /** Abandons pending entries: their `afterCommit` never runs. */
  stop(): void;
}

export interface CommitQueueOptions<Entry> {
  idOf(entry: Entry): string;
  bytesOf(entry: Entry): number;
  /** Commits all of the batch or nothing. Retried with the same batch if it rejects. */
  commit(batch: readonly Entry[]): Promise<void>;
  failed(error: unknown): void;
  /** Called after the first success following failures, which count as ongoing until it resolves. Retried if it rejects. */
  recovered?(): Promise<void>;
  /** For transient errors, which are no fault of the database: the batch is retried without calling `failed`. */
  isTransient?(error: unknown): boolean;
  readonly clock: Clock;
}

const maxBatchBytes = 8_000_000;
const firstRetryMs = 50;
const maxRetryMs = 5_000;

export function createCommitQueue<Entry>(options: CommitQueueOptions<Entry>): CommitQueue<Entry> {
  const { idOf, bytesOf, commit, failed, recovered, isTransient, clock } = options;
  let queue: Entry[] = [];
  let pushedCount = 0;
  let committedCount = 0;
  let pendingBytes = 0;
  /** The number of pushes when the last entry of an ID was added; only for IDs with pending entries. */
  const lastPushByID = new Map<string, number>();
  let waiting: { readonly until: number; readonly run: () => void }[] = [];
  let failure: unknown;
  let isRunning = false;
  let isStopped = false;

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch();
      if (!(await commitUntilDone(batch))) return;
      settle(batch);
      // Let sockets deliver what they received, so that it joins the next commit.
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

  /** Resolves with false if the queue was stopped. */
  async function commitUntilDone(batch: readonly Entry[]): Promise<boolean> {
    for (let retryMs = firstRetryMs; !isStopped; retryMs = Math.min(retryMs * 2, maxRetryMs)) {
      try {
        await commit(batch);
        if (failure !== undefined) await recovered?.();
        failure = undefined;
        return true;
      } catch (error) {
        if (!isTransient?.(error)) {
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
      if ((lastPushByID.get(id) ?? 0) <= committedCount) lastPushByID.delete(id);
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
      lastPushByID.set(idOf(entry), ++pushedCount);
      if (isRunning) return;
      isRunning = true;
      // Entries that cojson pushes in the same turn go into the same commit.
      queueMicrotask(() => void run());
    },
    afterCommit(id, run) {
      const until = id === undefined ? pushedCount : (lastPushByID.get(id) ?? 0);
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
