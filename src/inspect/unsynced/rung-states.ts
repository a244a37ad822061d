import type { RungStep } from '../../sync/inspection.ts';
import { rungs, type Overview, type RungName, type UnsyncedRow } from '../snapshot.ts';
import { wayTo, type Way } from './relay-access.ts';

/**
 * How a rung is shown. `waiting`: under way, age normal. `stuck`: under way too long, or its relay is not connected.
 * `ahead`: its turn has not come. `unknown`: cannot be read, or not promised.
 */
export type RungState = 'reached' | 'waiting' | 'stuck' | 'failed' | 'ahead' | 'unknown';
export type RungStates = Readonly<Record<RungName, RungState>>;

/** Longer than this no rung takes with a relay that answers. */
export const stuckAfterMs = 5_000;

/** Depends on the time: what is waiting becomes stuck. */
export function rungStatesOf(row: UnsyncedRow, nowMs: number): RungStates {
  // What was sent at last waits from then on, whatever the age of the edit.
  const waitsSinceMs = row.reason.kind === 'unconfirmed' ? (row.reason.sentAtMs ?? row.sinceMs) : row.sinceMs;
  return statesOf(row.steps, row.way, nowMs, {
    saved: nowMs - row.sinceMs > stuckAfterMs,
    relay: nowMs - waitsSinceMs > stuckAfterMs,
  });
}

/** The same for all CoValues together; each rung shows the worst of them. */
export function rungStatesOfAll(overview: Overview, nowMs: number): RungStates {
  const counts = overview.rungs;
  const stepOf = (count: Overview['rungs']['durable']): RungStep => {
    if (!count) return 'unknown';
    if (count.pending === 0) return 'reached';
    return count.error ? 'failed' : 'pending';
  };
  const steps = {
    saved: overview.storage.state === 'memory-only' ? 'unknown' : stepOf(counts.saved),
    sent: stepOf(counts.sent),
    confirmed: stepOf(counts.confirmed),
    durable: stepOf(counts.durable),
  } as const;
  const isOld = (sinceMs: number | undefined) => sinceMs !== undefined && nowMs - sinceMs > stuckAfterMs;
  return statesOf(steps, wayTo(overview.status, overview.relays), nowMs, {
    saved: isOld(counts.saved.oldestSinceMs),
    relay: isOld(counts.confirmed.oldestSinceMs),
  });
}

function statesOf(
  steps: Readonly<Record<RungName, RungStep>>,
  way: Way,
  nowMs: number,
  isOld: { readonly saved: boolean; readonly relay: boolean },
): RungStates {
  const saved = steps.saved === 'pending' ? (isOld.saved ? 'stuck' : 'waiting') : steps.saved;
  // Every connection begins with connecting; only one that does not come is worth a warning.
  const isBlocked =
    way.kind === 'blocked' || (way.kind === 'connecting' && nowMs - way.sinceMs > stuckAfterMs);
  // Sending does not wait for saving, but confirming waits for sending, and durability for confirming.
  let isFirstPending = way.kind !== 'shut';
  const atRelay = (step: RungStep): RungState => {
    if (step !== 'pending') {
      if (step === 'failed') isFirstPending = false;
      return step;
    }
    if (!isFirstPending) return 'ahead';
    isFirstPending = false;
    return isBlocked || isOld.relay ? 'stuck' : 'waiting';
  };
  return {
    saved,
    sent: atRelay(steps.sent),
    confirmed: atRelay(steps.confirmed),
    durable: atRelay(steps.durable),
  };
}

const stateWords: Readonly<Record<RungState, string>> = {
  reached: 'reached',
  waiting: 'waiting',
  stuck: 'stuck',
  failed: 'failed',
  ahead: 'not yet',
  unknown: 'unknown',
};
export const rungWords: Readonly<Record<RungName, string>> = {
  saved: 'Saved on this device',
  sent: 'Sent',
  confirmed: 'Confirmed by relay',
  durable: 'Durable at relay',
};

export function describeRungState(state: RungState): string {
  return stateWords[state];
}

/** The accessible name of a glyph: "Saved on this device: reached, Sent: waiting, …". */
export function describeRungStates(states: RungStates): string {
  return rungs.map((rung) => `${rungWords[rung]}: ${stateWords[states[rung]]}`).join(', ');
}
