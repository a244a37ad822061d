import type { Clock } from '../../../base/clock.ts';

/** Entries that wait for their commit, in the order in which they were pushed. */
export interface PendingEntries<Entry> {
  push(entry: Entry): void;
  /**
   * Takes what can be committed now, oldest first: nothing of an ID that is being committed or set aside, nor what depends on
   * such an ID.
   */
  take(): readonly PendingEntry<Entry>[];
  /** Like `take`, from what was set aside. */
  takeAside(): readonly PendingEntry<Entry>[];
  /** Returns what was taken, to be taken again. */
  putBack(entries: readonly PendingEntry<Entry>[]): void;
  /** `take` passes over these IDs until all that waits of them is committed. */
  setAside(entries: readonly PendingEntry<Entry>[]): void;
  /** These are committed: runs the callbacks that waited for them. */
  settle(entries: readonly PendingEntry<Entry>[]): void;
  /** Calls `run` once everything pushed so far, for one ID or for all, is committed; immediately if nothing is pending. */
  afterCommit(id: string | undefined, run: () => void): void;
  readonly count: number;
  readonly bytes: number;
  /** How long the oldest entry that is not set aside has waited; 0 if there is none. */
  readonly oldestMs: number;
  /** The number of IDs that are set aside. */
  readonly asideCount: number;
}

export interface PendingEntry<Entry> {
  readonly entry: Entry;
  readonly id: string;
  readonly bytes: number;
  /** Counts the pushes. */
  readonly number: number;
  readonly pushedAtMs: number;
  /** Found when first needed. */
  dependencies: readonly string[] | undefined;
  /** Called after the commit. */
  readonly callbacks: (() => void)[];
}

export interface PendingEntriesOptions<Entry> {
  idOf(entry: Entry): string;
  bytesOf(entry: Entry): number;
  /** What was pushed of these IDs before this entry is committed before it, or together with it. */
  dependenciesOf?(entry: Entry): Iterable<string>;
  /** A callback threw. The others still run: the entries are committed. */
  callbackFailed?(error: unknown): void;
  readonly clock: Clock;
}

const maxBatchBytes = 8_000_000;

export function createPendingEntries<Entry>(options: PendingEntriesOptions<Entry>): PendingEntries<Entry> {
  const { idOf, bytesOf, dependenciesOf = () => [], callbackFailed, clock } = options;
  /** Neither taken nor set aside. */
  let queue: PendingEntry<Entry>[] = [];
  let aside: PendingEntry<Entry>[] = [];
  const asideIDs = new Set<string>();
  const takenIDs = new Set<string>();
  /** Everything uncommitted; of each ID, and all, the oldest first. */
  const byID = new Map<string, PendingEntry<Entry>[]>();
  const uncommitted = new Set<PendingEntry<Entry>>();
  /** What waits for all; the oldest first. */
  let waiting: { readonly upTo: number; readonly run: () => void }[] = [];
  let pushCount = 0;
  let bytes = 0;

  /** Splits off what can be committed in one batch. An ID is left out as a whole, so that its order is kept. */
  function split(from: readonly PendingEntry<Entry>[]) {
    const batch: PendingEntry<Entry>[] = [];
    const rest: PendingEntry<Entry>[] = [];
    const batchIDs = new Set<string>();
    const restIDs = new Set<string>();
    let batchBytes = 0;
    for (const one of from) {
      const isFull = batch.length > 0 && batchBytes + one.bytes > maxBatchBytes;
      if (isFull) batchBytes = Infinity;
      if (isFull || restIDs.has(one.id) || takenIDs.has(one.id) || mustWait(one, batchIDs, restIDs)) {
        restIDs.add(one.id);
        rest.push(one);
      } else {
        batchBytes += one.bytes;
        batchIDs.add(one.id);
        batch.push(one);
      }
    }
    for (const id of batchIDs) takenIDs.add(id);
    return { batch, rest };
  }

  function mustWait(
    one: PendingEntry<Entry>,
    batchIDs: ReadonlySet<string>,
    restIDs: ReadonlySet<string>,
  ): boolean {
    // Nothing uncommitted is anywhere else.
    if (takenIDs.size === 0 && aside.length === 0 && restIDs.size === 0) return false;
    one.dependencies ??= [...dependenciesOf(one.entry)];
    return one.dependencies.some((id) => {
      const oldest = byID.get(id)?.[0];
      return oldest && oldest.number < one.number && !(batchIDs.has(id) && !restIDs.has(id));
    });
  }

  const isAside = ({ id }: PendingEntry<Entry>) => asideIDs.has(id);

  function free(entries: readonly PendingEntry<Entry>[]): void {
    for (const { id } of entries) takenIDs.delete(id);
  }

  return {
    push(entry) {
      const id = idOf(entry);
      const one = {
        entry,
        id,
        bytes: bytesOf(entry),
        number: ++pushCount,
        pushedAtMs: clock.elapsedMs(),
        dependencies: undefined,
        callbacks: [],
      };
      bytes += one.bytes;
      uncommitted.add(one);
      const earlier = byID.get(id);
      if (earlier) earlier.push(one);
      else byID.set(id, [one]);
      (asideIDs.has(id) ? aside : queue).push(one);
    },
    take() {
      const { batch, rest } = split(queue);
      queue = rest;
      return batch;
    },
    takeAside() {
      const { batch, rest } = split(aside);
      aside = rest;
      return batch;
    },
    putBack(entries) {
      free(entries);
      aside = [...entries.filter(isAside), ...aside];
      queue = [...entries.filter((one) => !isAside(one)), ...queue];
    },
    setAside(entries) {
      free(entries);
      for (const { id } of entries) asideIDs.add(id);
      aside = [...entries, ...aside, ...queue.filter(isAside)];
      queue = queue.filter((one) => !isAside(one));
    },
    settle(entries) {
      free(entries);
      for (const one of entries) {
        bytes -= one.bytes;
        uncommitted.delete(one);
        const left = byID.get(one.id);
        left?.shift();
        if (left?.length === 0) byID.delete(one.id);
        if (!left?.length) asideIDs.delete(one.id);
      }
      const [oldest] = uncommitted;
      const isReady = ({ upTo }: { readonly upTo: number }) => !oldest || upTo < oldest.number;
      const ready = [
        ...entries.flatMap(({ callbacks }) => callbacks),
        ...waiting.filter(isReady).map(({ run }) => run),
      ];
      waiting = waiting.filter((one) => !isReady(one));
      for (const run of ready) {
        try {
          run();
        } catch (error) {
          callbackFailed?.(error);
        }
      }
    },
    afterCommit(id, run) {
      if (id === undefined ? uncommitted.size === 0 : !byID.has(id)) run();
      else if (id === undefined) waiting.push({ upTo: pushCount, run });
      else byID.get(id)?.at(-1)?.callbacks.push(run);
    },
    get count() {
      return uncommitted.size;
    },
    get bytes() {
      return bytes;
    },
    get oldestMs() {
      for (const one of uncommitted) if (!isAside(one)) return clock.elapsedMs() - one.pushedAtMs;
      return 0;
    },
    get asideCount() {
      return asideIDs.size;
    },
  };
}
