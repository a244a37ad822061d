import { setImmediate as nextTurn } from 'node:timers/promises';
import { createCommitRetries, type CommitRetries, type CommitRetriesOptions } from './commit-retries.ts';
import {
  createPendingEntries,
  type PendingEntries,
  type PendingEntriesOptions,
  type PendingEntry,
} from './pending-entries.ts';

/**
 * Commits entries in groups, several groups at once. Entries pushed while all lanes are busy go into the next group. The
 * entries of an ID are committed in order, so no two commits at once concern the same ID.
 */
export interface CommitQueue<Entry>
  extends
    Pick<PendingEntries<Entry>, 'push' | 'afterCommit'>,
    Pick<CommitRetries<Entry>, 'attempts' | 'failure'> {
  /** The number of uncommitted entries. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** How long the oldest of them has waited, other than for a lock; 0 if there is none. */
  readonly oldestPendingMs: number;
  /** The number of IDs that wait because another transaction locks them. */
  readonly setAside: number;
  /** Abandons pending entries: their `afterCommit` never runs. */
  stop(): void;
}

export interface CommitQueueOptions<Entry> extends PendingEntriesOptions<Entry>, CommitRetriesOptions<Entry> {
  /** How many commits may run at once. One more may run of what was set aside, as lane 0. */
  readonly lanes: number;
}

type Batch<Entry> = readonly PendingEntry<Entry>[];

const asideLane = 0;
const asideRetryMs = 500;

export function createCommitQueue<Entry>(options: CommitQueueOptions<Entry>): CommitQueue<Entry> {
  const { lanes, clock } = options;
  const entries = createPendingEntries(options);
  const retries = createCommitRetries(options);
  const idle = new Set(Array.from({ length: lanes }, (_, index) => index + 1));
  let isWaking = false;
  let isRetryingAside = false;
  let isStopped = false;

  /** Entries that cojson pushes in the same turn go into the same commit. */
  function wake(): void {
    if (isWaking || idle.size === 0) return;
    isWaking = true;
    queueMicrotask(() => {
      isWaking = false;
      start();
    });
  }

  function start(): void {
    for (const lane of [...idle].sort((a, b) => a - b)) {
      const batch = entries.take();
      if (batch.length === 0) return;
      idle.delete(lane);
      void run(lane, batch);
    }
  }

  async function run(lane: number, first: Batch<Entry>): Promise<void> {
    for (let batch = first; batch.length > 0; batch = entries.take()) {
      // More may be left than fits into one batch.
      wake();
      await commitUnlocked(batch, lane);
      if (isStopped) return;
      // Let sockets deliver what they received, so that it joins the next commit.
      await nextTurn();
    }
    idle.add(lane);
  }

  /** Commits the batch, except what another transaction locks. */
  async function commitUnlocked(batch: Batch<Entry>, lane: number): Promise<void> {
    for (let left = batch; left.length > 0;) {
      const locked = await retries.commit(
        left.map(({ entry }) => entry),
        lane,
      );
      if (isStopped) return;
      if (!locked) return entries.settle(left);
      const { aside, later, rest } = divide(left, locked);
      entries.putBack(later);
      entries.setAside(aside);
      left = rest;
      wake();
      if (aside.length > 0) void retryAside();
    }
  }

  async function retryAside(): Promise<void> {
    if (isRetryingAside) return;
    isRetryingAside = true;
    while (entries.asideCount > 0 && !isStopped) {
      await new Promise<void>((resolve) => clock.after(asideRetryMs, resolve));
      await commitUnlocked(entries.takeAside(), asideLane);
      wake();
    }
    isRetryingAside = false;
  }

  return {
    push(entry) {
      if (isStopped) return;
      entries.push(entry);
      wake();
    },
    afterCommit: entries.afterCommit,
    get pending() {
      return entries.count;
    },
    get pendingBytes() {
      return entries.bytes;
    },
    get oldestPendingMs() {
      return entries.oldestMs;
    },
    get setAside() {
      return entries.asideCount;
    },
    get attempts() {
      return retries.attempts;
    },
    get failure() {
      return retries.failure;
    },
    stop() {
      isStopped = true;
      retries.stop();
    },
  };
}

/** If it is not known what is locked, each half is tried alone, until one ID is left. */
function divide<Entry>(batch: Batch<Entry>, locked: ReadonlySet<string>) {
  if (locked.size > 0) {
    return {
      aside: batch.filter(({ id }) => locked.has(id)),
      later: [],
      rest: batch.filter(({ id }) => !locked.has(id)),
    };
  }
  const ids = [...new Set(batch.map(({ id }) => id))];
  if (ids.length === 1) return { aside: batch, later: [], rest: [] };
  const half = new Set(ids.slice(0, ids.length / 2));
  return {
    aside: [],
    later: batch.filter(({ id }) => !half.has(id)),
    rest: batch.filter(({ id }) => half.has(id)),
  };
}
