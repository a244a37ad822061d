import type { RawCoID, SessionID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { mergeCounts, missingSessions, type KnownCounts } from '../../engine/known-counts.ts';
import type { Ledger } from '../../storage/ledger.ts';
import type { ConfirmedEdit } from '../../storage/remembered-relay.ts';

/** Collects what the ladder learns, and writes it to the ledger. */
export interface DebtBook {
  owe(id: string, counts: KnownCounts, relayID?: string): void;
  settle(id: string, counts: KnownCounts, relayID: string): void;
  release(id: string, counts: KnownCounts): void;
  /** Writes what is owed. Call before content is stored, so that a crash never leaves content without its debt. */
  writeDebts(): void;
  /** Writes everything now, not with the next batch. Resolves once all of it is in the ledger's queue. */
  flush(): Promise<void>;
  /** Calls `run` once everything up to now is on disk; never if the write fails. */
  whenWritten(run: () => void): void;
}

/** Each write with confirmations also reads, and one that is lost only has to be heard again. */
const batchMs = 100;
const retryMs = 1_000;

export function createDebtBook(options: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Of the relay's data. */
  readonly generationOf: (relayID: string) => number;
  /** Until then the ledger would drop confirmations of this generation. `flush` once it is. */
  readonly isRecorded: (relayID: string, generation: number) => boolean;
  /** Whether the relay has yet to acknowledge content of the CoValue that this tab sent. */
  readonly isUploading: (relayID: string, id: string) => boolean;
  /** Names the latest confirmations in the relay's record: a relay that has lost others has lost these. */
  readonly record: (relayID: string, latestFirst: readonly ConfirmedEdit[]) => Promise<void>;
  /** Aborted when the sync is closed: confirmations that could not be written are heard again in a later run. */
  readonly signal: AbortSignal;
}): DebtBook {
  const { ledger, clock, generationOf, isRecorded, isUploading, record, signal } = options;
  let owed = new Map<string, Entry>();
  let settled = new Map<string, Entry>();
  let released = new Map<string, Entry>();
  let waiting: (() => void)[] = [];
  let cancelBatch: (() => void) | undefined;
  /** Batches of confirmations that are being written. Each resolves with false if it has to be written again. */
  const writing = new Set<Promise<boolean>>();

  function takeDebts() {
    const sinceMs = clock.nowMs();
    const debts = countsIn(owed, ({ relayID, generation = 0 }) => ({
      sinceMs,
      ...(relayID !== undefined && { relayID, generation }),
    }));
    owed = new Map();
    return debts;
  }

  function takeWritable(): ReadonlyMap<string, Entry> {
    const isWritable = ({ relayID = '', generation = 0 }: Entry) => isRecorded(relayID, generation);
    const writable = new Map([...settled].filter(([, entry]) => isWritable(entry)));
    settled = new Map([...settled].filter(([key]) => !writable.has(key)));
    return writable;
  }

  function flush(): Promise<void> {
    cancelBatch?.();
    cancelBatch = undefined;
    if (owed.size + released.size > 0) {
      ledger.add({ debts: takeDebts(), releases: countsIn(released, () => ({})) });
    }
    released = new Map();
    const written = writeSettled([...writing]);
    writing.add(written);
    void written.then(() => writing.delete(written));
    return Promise.all(writing).then(() => {});
  }

  /** The relay's record first: after a crash between the two, the relay is only asked about more than was needed. */
  async function writeSettled(earlier: readonly Promise<boolean>[]): Promise<boolean> {
    const writable = takeWritable();
    // What is still kept here is not on disk.
    const all = settled.size === 0 ? waiting : [];
    if (settled.size === 0) waiting = [];
    try {
      await Promise.all(latestByRelay(writable).map(([relayID, latest]) => record(relayID, latest)));
    } catch {
      const later = settled;
      settled = new Map(writable);
      for (const entry of later.values()) add(settled, entry);
      waiting = [...all, ...waiting];
      if (!signal.aborted) cancelBatch ??= clock.after(retryMs, () => void flush());
      return false;
    }
    if (writable.size > 0) {
      const confirmations = countsIn(writable, ({ relayID = '', generation = 0 }) => ({
        relayID,
        generation,
      }));
      ledger.add({ confirmations });
    }
    if (all.length === 0) return true;
    if ((await Promise.all(earlier)).includes(false)) waiting = [...all, ...waiting];
    else
      void ledger.written().then(() => {
        for (const next of all) next();
      });
    return true;
  }

  function addToBatch(): void {
    cancelBatch ??= clock.after(batchMs, () => void flush());
  }

  return {
    owe(id, counts, relayID) {
      const of = relayID === undefined ? undefined : { relayID, generation: generationOf(relayID) };
      add(owed, { id, counts, ...of });
    },
    settle(id, counts, relayID) {
      // The generation may be over by the time this is written.
      const generation = generationOf(relayID);
      add(settled, { id, counts, relayID, generation, isFound: !isUploading(relayID, id) });
      addToBatch();
    },
    release(id, counts) {
      add(released, { id, counts });
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
  readonly id: string;
  readonly counts: KnownCounts;
  readonly relayID?: string;
  readonly generation?: number;
  /** The relay had it before this tab sent it. */
  readonly isFound?: boolean;
}

function add(entries: Map<string, Entry>, entry: Entry): void {
  const { id, counts, relayID = '', generation = '' } = entry;
  const key = `${id} ${generation} ${relayID}`;
  const { counts: before = {}, isFound = true } = entries.get(key) ?? {};
  // The latest news last.
  entries.delete(key);
  const all = { ...missingSessions(counts, before), ...mergeCounts(before, counts) };
  entries.set(key, { ...entry, counts: all, isFound: isFound && entry.isFound === true });
}

function countsIn<T>(entries: ReadonlyMap<string, Entry>, more: (entry: Entry) => T) {
  return [...entries.values()].flatMap((entry) =>
    Object.entries(entry.counts).map(([session, count]) => ({
      id: entry.id as RawCoID,
      session,
      count,
      ...more(entry),
    })),
  );
}

function latestByRelay(
  entries: ReadonlyMap<string, Entry>,
): readonly (readonly [relayID: string, latestFirst: readonly ConfirmedEdit[]])[] {
  const byRelay = new Map<string, ConfirmedEdit[]>();
  for (const { id, relayID = '', counts, isFound } of [...entries.values()].toReversed()) {
    // A new CoValue may have only a header, which can be lost as well.
    const { header: _, ...sessions } = counts;
    const [sessionID, count] = Object.entries(sessions).at(-1) ?? ['header', 0];
    const edits = byRelay.get(relayID) ?? [];
    byRelay.set(relayID, edits);
    const confirmed = { id: id as RawCoID, sessionID: sessionID as SessionID, count };
    edits.push(isFound ? { ...confirmed, isFound } : confirmed);
  }
  return [...byRelay];
}
