import { type KernelError, type Rung, type SyncState } from '@MaiaOS/kernel';

/** A rung's state in the glyph. `unknown`: not reported, or not promised. */
export type Step = 'reached' | 'waiting' | 'stuck' | 'failed' | 'unknown';
export type RungSteps = readonly [saved: Step, sent: Step, confirmed: Step, stored: Step];
export type RungName = 'saved' | 'sent' | 'confirmed' | 'durable';

/** How long an edit may wait while online before the line reports it. */
export const stuckAfterMs = 10_000;

export function rungSteps(state: SyncState, nowMs: number): RungSteps {
  if (state.status === 'signed-out' || isGetting(state)) return ['unknown', 'unknown', 'unknown', 'unknown'];
  const saved = savedStep(state, nowMs);
  if (state.status === 'off') return [saved, 'unknown', 'unknown', 'unknown'];
  if (isRefused(state)) return [saved, 'failed', 'waiting', 'waiting'];

  const stuck = stuckRung(state, nowMs);
  const sent = step(state.sent, stuck === 'sent');
  const confirmed = step(state.confirmed, stuck === 'confirmed');
  return [saved, sent, confirmed, storedStep(state, confirmed, stuck === 'durable')];
}

/** The first rung where edits wait for too long. While offline or paused, waiting is normal on all rungs but the first. */
export function stuckRung(state: SyncState, nowMs: number): RungName | undefined {
  const names: readonly RungName[] = isOnline(state) ? ['saved', 'sent', 'confirmed', 'durable'] : ['saved'];
  return names.find((name) => {
    const rung = state[name];
    // A device that keeps nothing saves nothing, so waiting there is normal, too.
    if (name === 'saved' && state.storage.state === 'memory-only') return false;
    return rung !== undefined && rung.pending > 0 && waitedMs(rung, nowMs) >= stuckAfterMs;
  });
}

export function waitedMs(rung: Rung, nowMs: number): number {
  return rung.oldestSinceMs === undefined ? 0 : nowMs - rung.oldestSinceMs;
}

/** The first download, before any local edits. */
export function isGetting(state: SyncState): boolean {
  return (
    state.status === 'syncing' &&
    !state.download.caughtUp &&
    state.saved.pending + state.confirmed.pending === 0
  );
}

/** Whether the relay has all edits of this device; false while that is not known yet. */
export function isAllConfirmed(state: SyncState | undefined): boolean {
  return state?.confirmed.known === true && state.confirmed.pending === 0;
}

export function isNotSaved(state: SyncState): boolean {
  return state.storage.state === 'failing' || state.saved.error !== undefined;
}

export function notSavedError(state: SyncState): KernelError | undefined {
  return state.saved.error ?? state.storage.error;
}

/** `status` is also `failed` if this device cannot save; sending and confirming still work then. */
export function isRefused(state: SyncState): boolean {
  return (
    state.peers.some((peer) => peer.phase === 'failed') || (state.status === 'failed' && !isNotSaved(state))
  );
}

function isOnline(state: SyncState): boolean {
  return state.status === 'connecting' || state.status === 'syncing' || state.status === 'confirmed';
}

function savedStep(state: SyncState, nowMs: number): Step {
  if (isNotSaved(state)) return 'failed';
  if (state.storage.state === 'memory-only') return 'unknown';
  return step(state.saved, stuckRung(state, nowMs) === 'saved');
}

function step(rung: Rung, isStuck: boolean): Step {
  if (rung.error) return 'failed';
  if (rung.pending === 0) return rung.known ? 'reached' : 'unknown';
  return isStuck ? 'stuck' : 'waiting';
}

/** Unconfirmed edits cannot be stored. Confirmed edits may be stored even if the relay does not report it. */
function storedStep(state: SyncState, confirmed: Step, isStuck: boolean): Step {
  if (state.durable) return step(state.durable, isStuck);
  return state.durability === 'unknown' && confirmed !== 'reached' ? 'waiting' : 'unknown';
}
