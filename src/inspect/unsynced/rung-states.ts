import type { Step } from '../../sync/sync-state.ts';
import { rungs, type Overview, type RungName } from '../snapshot/overview-facts.ts';
import type { UnsyncedRow, Way } from '../snapshot/unsynced-row.ts';
import { relayAccess } from './relay-access.ts';

/**
 * `stuck`: waiting too long, or the relay is not connected. `ahead`: an earlier rung comes first. `unknown`: no
 * evidence can exist.
 */
export type RungState = 'reached' | 'waiting' | 'stuck' | 'failed' | 'ahead' | 'unknown';
export type RungStates = Readonly<Record<RungName, RungState>>;

/** No rung takes longer with a relay that answers. */
export const stuckAfterMs = 5_000;

/** Depends on the time: a waiting rung becomes stuck. */
export function rungStatesOf(row: UnsyncedRow, nowMs: number): RungStates {
  // Not from the latest send: each further edit, and each resend, would restart the wait.
  const isOld = nowMs - row.sinceMs > stuckAfterMs;
  return statesOf(row.steps, row.way, nowMs, { saved: isOld, relay: isOld });
}

/** For all CoValues together; each rung shows the worst of them. */
export function rungStatesOfAll(overview: Overview, nowMs: number): RungStates {
  const counts = overview.rungs;
  const stepOf = (count: Overview['rungs']['durable']): Step => {
    if (!count) return 'unknown';
    if (count.pending === 0) return count.known ? 'reached' : 'unknown';
    return count.error ? 'failed' : 'pending';
  };
  const steps = {
    saved: overview.storage.state === 'memory-only' ? 'unknown' : stepOf(counts.saved),
    sent: stepOf(counts.sent),
    confirmed: stepOf(counts.confirmed),
    durable: stepOf(counts.durable),
  } as const;
  const isOld = (sinceMs: number | undefined) => sinceMs !== undefined && nowMs - sinceMs > stuckAfterMs;
  return statesOf(steps, relayAccess(overview.status, overview.relays), nowMs, {
    saved: isOld(counts.saved.oldestSinceMs),
    relay: isOld(counts.confirmed.oldestSinceMs),
  });
}

function statesOf(
  steps: Readonly<Record<RungName, Step>>,
  access: Way,
  nowMs: number,
  isOld: { readonly saved: boolean; readonly relay: boolean },
): RungStates {
  const saved = steps.saved === 'pending' ? (isOld.saved ? 'stuck' : 'waiting') : steps.saved;
  // Every connection starts with connecting, so warn only if it takes too long.
  const isBlocked =
    access.kind === 'blocked' || (access.kind === 'connecting' && nowMs - access.sinceMs > stuckAfterMs);
  // Sending does not wait for saving, but confirmation waits for sending, and durability for confirmation.
  let isFirstPending = access.kind !== 'shut';
  const atRelay = (step: Step): RungState => {
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

const stateLabels: Readonly<Record<RungState, string>> = {
  reached: 'reached',
  waiting: 'waiting',
  stuck: 'stuck',
  failed: 'failed',
  ahead: 'not yet',
  unknown: 'unknown',
};
export const rungLabels: Readonly<Record<RungName, string>> = {
  saved: 'Saved on this device',
  sent: 'Sent',
  confirmed: 'Confirmed by relay',
  durable: 'Durable at relay',
};

export function describeRungState(state: RungState): string {
  return stateLabels[state];
}

/** The accessible name of a glyph: "Saved on this device: reached, Sent: waiting, …". */
export function describeRungStates(states: RungStates): string {
  return rungs.map((rung) => `${rungLabels[rung]}: ${stateLabels[states[rung]]}`).join(', ');
}
