import type { Clock } from '../../base/clock.ts';
import { covers, isNothing, joined, missingIn, type Coverage } from '../../engine/known-counts.ts';

/** What another tab is to upload to a relay, and until when it is left to that tab. */
export interface Holds {
  /** `by` names the tab. */
  hold(relayID: string, id: string, coverage: Coverage, by: string): void;
  isHeld(relayID: string, id: string): boolean;
  /** The relay has so much, by its own word or that of the tab `by`. */
  confirmed(relayID: string, id: string, coverage: Coverage, by?: string): void;
  /** The tab `by` has sent so much to the relay, whose word on it is to be waited for. */
  sent(relayID: string, id: string, coverage: Coverage, by: string): void;
  /** The tab is gone: what is left to it is due soon. */
  hurry(by: string): void;
  /** The relay is away: nobody uploads, and nothing falls due. */
  lost(relayID: string): void;
  close(): void;
}

export interface DueHold {
  readonly relayID: string;
  readonly id: string;
  readonly coverage: Coverage;
  readonly by: string;
}

interface Hold extends DueHold {
  /** Told since, and due after it. */
  readonly later: Coverage;
  readonly dueMs: number;
  readonly postponed: number;
}

/** A tab that is there gets its edit confirmed in this time; the rest is spread, so that the others do not all take over at once. */
const holdMs = 2_000;
const spreadMs = 2_000;
/** A tab that uploads much is given more time, while it gets on. */
const mostPostponed = 10;
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

  const dueMs = () => clock.nowMs() + holdMs + spreadMs * randomFraction();

  function sweep(): void {
    cancelSweep = undefined;
    const nowMs = clock.nowMs();
    for (const [key, hold] of [...holds]) {
      if (hold.dueMs > nowMs) continue;
      const isGettingOn = nowMs - (progressMs.get(hold.by) ?? -Infinity) < holdMs;
      if (isGettingOn && hold.postponed < mostPostponed) {
        set({ ...hold, dueMs: dueMs(), postponed: hold.postponed + 1 });
        continue;
      }
      holds.delete(key);
      const { later } = hold;
      if (!isNothing(later)) set({ ...hold, coverage: later, later: {}, dueMs: dueMs(), postponed: 0 });
      onDue(hold);
    }
    if (holds.size > 0) cancelSweep ??= clock.after(sweepMs, sweep);
  }

  return {
    hold(relayID, id, coverage, by) {
      if (isNothing(coverage)) return;
      const before = holds.get(keyOf(relayID, id));
      if (before) {
        const later = missingIn(before.coverage, coverage);
        if (!isNothing(later)) set({ ...before, later: joined(before.later, later) });
      } else set({ relayID, id, coverage, by, later: {}, dueMs: dueMs(), postponed: 0 });
    },
    isHeld: (relayID, id) => holds.has(keyOf(relayID, id)),
    confirmed(relayID, id, coverage, by) {
      if (by !== undefined) progressMs.set(by, clock.nowMs());
      const key = keyOf(relayID, id);
      const hold = holds.get(key);
      if (!hold) return;
      const first = missingIn(coverage, hold.coverage);
      const later = missingIn(coverage, hold.later);
      if (!isNothing(first)) set({ ...hold, coverage: first, later });
      else if (isNothing(later)) holds.delete(key);
      else set({ ...hold, coverage: later, later: {}, dueMs: dueMs(), postponed: 0 });
    },
    sent(relayID, id, coverage, by) {
      const hold = holds.get(keyOf(relayID, id));
      if (!hold || hold.postponed >= mostPostponed) return;
      // Who sends a new CoValue sends its beginning along, and tells of the transactions only.
      const { header: _, ...need } = hold.coverage;
      if (isNothing(need) || !covers(coverage, need)) return;
      set({ ...hold, by, dueMs: dueMs(), postponed: hold.postponed + 1 });
    },
    hurry(by) {
      progressMs.delete(by);
      const soonMs = clock.nowMs() + (spreadMs / 2) * randomFraction();
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
