import type { RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { retry } from '../../base/retry.ts';
import { inSlices } from '../../base/sliced-steps.ts';
import { createTimeSlices } from '../../base/time-slices.ts';
import { isEmpty, mergeCounts, missingIn, type KnownCounts } from '../../engine/known-counts.ts';
import { foldDebts, stockMarks, wholePrefix, type Ledger, type PendingDebts } from '../../storage/ledger.ts';
import type { Recalled } from './ladder.ts';
import type { DeviceState, DeviceStates } from './device-states.ts';

/** What the ledger says is pending. */
export interface RecalledDebts {
  readonly byID: ReadonlyMap<RawCoID, Recalled>;
  /** Relays with which not everything on this device has been compared. */
  readonly unfilled: ReadonlySet<string>;
}

export interface RecallOptions {
  readonly ledger: Ledger;
  readonly states: DeviceStates;
  readonly relayIDs: () => readonly string[];
  /** The ledger was read. Call before its confirmations are counted. */
  readonly onGenerations: (generations: ReadonlyMap<string, number>) => void;
  readonly clock: Clock;
  nextTask(): Promise<void>;
}

/** Rejects if the ledger, or what it refers to, cannot be read. */
export async function readDebts(options: RecallOptions): Promise<RecalledDebts> {
  const { ledger, states, relayIDs, onGenerations, clock, nextTask } = options;
  const timing = { nowMs: clock.elapsedMs, nextTask };
  const contents = await ledger.read();
  onGenerations(contents.generations);
  const pending = await inSlices(foldDebts(contents, relayIDs()), timing);
  const whole = [...pending].flatMap(([id, debts]) => (debts.whole.length > 0 ? id : []));
  const stored = whole.length > 0 ? await states.read(whole) : new Map<RawCoID, DeviceState>();
  const slices = createTimeSlices(timing);
  const byID = new Map<RawCoID, Recalled>();
  for (const [id, debts] of pending) {
    if (slices.isOver()) await slices.next();
    const need = mergeCounts(debts.need, stored.get(id)?.counts ?? {});
    const lacking = lackedBySome(debts.confirmed, need);
    if (debts.whole.length > 0) nameDebts(ledger, id, debts, { need, lacking });
    // A stock mark stays until it is removed, though every relay may have confirmed what it stands for.
    if (!isEmpty(lacking)) byID.set(id, { ...debts, need });
  }
  return { byID, unfilled: contents.unfilled ?? new Set() };
}

/** What some relay may lack, also of other tabs. Rejects as `readDebts`, and while a relay is still to be compared. */
export async function readOwedIDs(
  options: RecallOptions,
  onRead: (found: RecalledDebts) => void,
): Promise<readonly RawCoID[]> {
  const found = await readDebts(options);
  onRead(found);
  const configured = options.relayIDs();
  const used = configured.length > 0 ? configured : [...found.unfilled];
  if (used.some((relayID) => found.unfilled.has(relayID)))
    throw new Error('A relay has not been compared yet.');
  return [...found.byID.keys()];
}

/** Without relays, everything is lacking. */
function lackedBySome(confirmed: ReadonlyMap<string, KnownCounts>, need: KnownCounts): KnownCounts {
  if (confirmed.size === 0) return need;
  return [...confirmed.values()].map((has) => missingIn(has, need)).reduce(mergeCounts);
}

/** Replaces debts for everything that is stored by debts that a relay can confirm. */
function nameDebts(
  ledger: Ledger,
  id: RawCoID,
  { whole, sinceMs, need: named }: PendingDebts,
  { need, lacking }: { readonly need: KnownCounts; readonly lacking: KnownCounts },
): void {
  const releases = whole.filter((session) => session !== `${wholePrefix}${stockMarks}`);
  // What is released may be owed to a relay that is not configured now. A stock mark is found again each time.
  const unnamed = Object.entries(missingIn(named, releases.length > 0 ? need : lacking));
  if (unnamed.length + releases.length === 0) return;
  ledger.add({
    debts: unnamed.map(([session, count]) => ({ id, session, count, sinceMs })),
    releases: releases.map((session) => ({ id, session, count: 1 })),
  });
}

/** Counts what earlier runs left, by CoValue, once the ledger can be read. Resolves with undefined if `signal` is aborted. */
export async function recallEarlierRun(
  options: RecallOptions & {
    readonly count: (id: RawCoID, recalled: Recalled) => void;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  },
): Promise<ReadonlyMap<string, KnownCounts> | undefined> {
  const { count, clock, nextTask, logger, signal } = options;
  const debts = await retry(() => readDebts(options), {
    clock,
    signal,
    failed: (error) =>
      logger.warn('What this device has not synced could not be read; retrying automatically', { error }),
  });
  if (!debts) return undefined;
  const slices = createTimeSlices({ nowMs: clock.elapsedMs, nextTask });
  const leftBehind = new Map<string, KnownCounts>();
  for (const [id, recalled] of debts.byID) {
    if (slices.isOver()) await slices.next();
    leftBehind.set(id, recalled.need);
    count(id, recalled);
  }
  return leftBehind;
}
