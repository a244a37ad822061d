import type { Clock } from '../../base/clock.ts';
import { covers, isEmpty, mergeCounts, missingIn, type KnownCounts } from '../../engine/known-counts.ts';

/** What this tab leaves to other tabs to upload to a relay, and until when. */
export interface Holds {
  /** `by` is the tab's name. */
  hold(relayID: string, id: string, counts: KnownCounts, by: string): void;
  isHeld(relayID: string, id: string): boolean;
  /** The relay has this much, according to its own message or to the tab `by`. */
  confirmed(relayID: string, id: string, counts: KnownCounts, by?: string): void;
  /** The tab `by` has sent this much to the relay, which has not answered yet. */
  sent(relayID: string, id: string, counts: KnownCounts, by: string): void;
  /** The tab is gone, so the uploads left to it fall due soon. */
  hurry(by: string): void;
  /** The relay is disconnected, so no tab uploads to it and nothing falls due. */
  lost(relayID: string): void;
  close(): void;
}

export interface DueHold {
  readonly relayID: string;
  readonly id: string;
  readonly counts: KnownCounts;
  readonly by: string;
}

interface Hold extends DueHold {
  /** Counts announced after the hold began, which fall due later. */
  readonly later: KnownCounts;
  readonly dueMs: number;
  readonly postponed: number;
}

/** A live tab gets its edit confirmed within this time. The random part keeps tabs from taking over all at once. */
const holdMs = 2_000;
const spreadMs = 2_000;
/** A tab that uploads much gets more time as long as it makes progress. */
const maxPostponed = 10;
const sweepMs = 250;

export function createHolds(options: {
  readonly clock: Clock;
  /** At least 0, less than 1. */
  readonly randomFraction: () => number;
  readonly onDue: (hold: DueHold) => void;
}): Holds {
  const { clock, randomFraction, onDue } = options;
  const holds = new Map<string, Hold>();
  const progressMs = new Map<string, number>();
  let cancelSweep: (() => void) | undefined;

  function set(hold: Hold): void {
    holds.set(keyOf(hold.relayID, hold.id), hold);
    cancelSweep ??= clock.after(sweepMs, sweep);
  }

  const dueMs = () => clock.elapsedMs() + holdMs + spreadMs * randomFraction();

  function sweep(): void {
    cancelSweep = undefined;
    const nowMs = clock.elapsedMs();
    for (const [key, hold] of [...holds]) {
      if (hold.dueMs > nowMs) continue;
      const isGettingOn = nowMs - (progressMs.get(hold.by) ?? -Infinity) < holdMs;
      if (isGettingOn && hold.postponed < maxPostponed) {
        set({ ...hold, dueMs: dueMs(), postponed: hold.postponed + 1 });
        continue;
      }
      holds.delete(key);
      const { later } = hold;
      if (!isEmpty(later)) set({ ...hold, counts: later, later: {}, dueMs: dueMs(), postponed: 0 });
      onDue(hold);
    }
    if (holds.size > 0) cancelSweep ??= clock.after(sweepMs, sweep);
  }

  return {
    hold(relayID, id, counts, by) {
      if (isEmpty(counts)) return;
      const before = holds.get(keyOf(relayID, id));
      if (before) {
        const later = missingIn(before.counts, counts);
        if (!isEmpty(later)) set({ ...before, later: mergeCounts(before.later, later) });
      } else set({ relayID, id, counts, by, later: {}, dueMs: dueMs(), postponed: 0 });
    },
    isHeld: (relayID, id) => holds.has(keyOf(relayID, id)),
    confirmed(relayID, id, counts, by) {
      if (by !== undefined) progressMs.set(by, clock.elapsedMs());
      const key = keyOf(relayID, id);
      const hold = holds.get(key);
      if (!hold) return;
      const first = missingIn(counts, hold.counts);
      const later = missingIn(counts, hold.later);
      if (!isEmpty(first)) set({ ...hold, counts: first, later });
      else if (isEmpty(later)) holds.delete(key);
      else set({ ...hold, counts: later, later: {}, dueMs: dueMs(), postponed: 0 });
    },
    sent(relayID, id, counts, by) {
      const hold = holds.get(keyOf(relayID, id));
      if (!hold || hold.postponed >= maxPostponed) return;
      // A tab that sends a new CoValue includes its header but announces only the transactions.
      const { header: _, ...need } = hold.counts;
      if (isEmpty(need) || !covers(counts, need)) return;
      set({ ...hold, by, dueMs: dueMs(), postponed: hold.postponed + 1 });
    },
    hurry(by) {
      progressMs.delete(by);
      const soonMs = clock.elapsedMs() + (spreadMs / 2) * randomFraction();
      for (const hold of holds.values()) {
        if (hold.by === by) set({ ...hold, dueMs: Math.min(hold.dueMs, soonMs) });
      }
    },
    lost(relayID) {
      for (const [key, hold] of holds) if (hold.relayID === relayID) holds.delete(key);
    },
    close() {
      holds.clear();
      cancelSweep?.();
    },
  };
}

function keyOf(relayID: string, id: string): string {
  return `${id} ${relayID}`;
}
