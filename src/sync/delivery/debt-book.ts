import type { RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { mergeCounts, type KnownCounts } from '../../engine/known-counts.ts';
import type { Ledger } from '../../storage/ledger.ts';

/** Collects what the ladder learns, and writes it to the ledger. */
export interface DebtBook {
  owe(id: string, counts: KnownCounts, relayID?: string): void;
  settle(id: string, counts: KnownCounts, relayID: string): void;
  release(id: string, counts: KnownCounts): void;
  /** Writes what is owed. Call before content is stored, so that a crash never leaves content without its debt. */
  writeDebts(): void;
  /** Writes everything now, not with the next batch. */
  flush(): void;
  /** Calls `run` once everything up to now is on disk; never if the write fails. */
  whenWritten(run: () => void): void;
}

/** Each write with confirmations also reads, and one that is lost only has to be heard again. */
const batchMs = 100;

export function createDebtBook(options: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Of the relay's data. */
  readonly generationOf: (relayID: string) => number;
  /** Until then the ledger would drop confirmations of this generation. `flush` once it is. */
  readonly isRecorded: (relayID: string, generation: number) => boolean;
}): DebtBook {
  const { ledger, clock, generationOf, isRecorded } = options;
  let owed = new Map<string, Entry>();
  let settled = new Map<string, Entry>();
  let released = new Map<string, Entry>();
  let waiting: (() => void)[] = [];
  let cancelBatch: (() => void) | undefined;

  function takeDebts() {
    const sinceMs = clock.nowMs();
    const debts = countsIn(owed, ({ relayID }) => ({ sinceMs, ...(relayID !== undefined && { relayID }) }));
    owed = new Map();
    return debts;
  }

  function takeWritable(): ReadonlyMap<string, Entry> {
    const isWritable = ({ relayID = '', generation = 0 }: Entry) => isRecorded(relayID, generation);
    const writable = new Map([...settled].filter(([, entry]) => isWritable(entry)));
    settled = new Map([...settled].filter(([key]) => !writable.has(key)));
    return writable;
  }

  function flush(): void {
    cancelBatch?.();
    cancelBatch = undefined;
    const writable = takeWritable();
    if (owed.size + writable.size + released.size > 0) {
      ledger.add({
        debts: takeDebts(),
        confirmations: countsIn(writable, ({ relayID = '', generation = 0 }) => ({ relayID, generation })),
        releases: countsIn(released, () => ({})),
      });
    }
    released = new Map();
    const all = waiting;
    waiting = [];
    if (all.length === 0) return;
    void ledger.written().then(() => {
      for (const next of all) next();
    });
  }

  function addToBatch(): void {
    cancelBatch ??= clock.after(batchMs, flush);
  }

  return {
    owe: (id, counts, relayID) => add(owed, id, counts, relayID),
    settle(id, counts, relayID) {
      // The generation may be over by the time this is written.
      add(settled, id, counts, relayID, generationOf(relayID));
      addToBatch();
    },
    release(id, counts) {
      add(released, id, counts);
      addToBatch();
    },
    writeDebts() {
      if (owed.size > 0) ledger.add({ debts: takeDebts() });
    },
    flush,
    whenWritten(run) {
      waiting.push(run);
      addToBatch();
    },
  };
}

interface Entry {
  readonly id: RawCoID;
  readonly relayID: string | undefined;
  readonly generation: number | undefined;
  readonly counts: KnownCounts;
}

function add(
  entries: Map<string, Entry>,
  id: string,
  counts: KnownCounts,
  relayID?: string,
  generation?: number,
): void {
  const key = `${id} ${generation ?? ''} ${relayID ?? ''}`;
  const before = entries.get(key)?.counts ?? {};
  entries.set(key, { id: id as RawCoID, relayID, generation, counts: mergeCounts(before, counts) });
}

function countsIn<T>(entries: ReadonlyMap<string, Entry>, more: (entry: Entry) => T) {
  return [...entries.values()].flatMap((entry) =>
    Object.entries(entry.counts).map(([session, count]) => ({
      id: entry.id,
      session,
      count,
      ...more(entry),
    })),
  );
}
