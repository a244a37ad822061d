import { type KernelError, type Rung, type SyncState } from '@MaiaOS/kernel';

/** How far the edits have come, as the glyph shows it. `unknown`: nobody has told, or nobody promised. */
export type Step = 'reached' | 'waiting' | 'stuck' | 'failed' | 'unknown';
export type RungSteps = readonly [saved: Step, sent: Step, confirmed: Step, stored: Step];
export type RungName = 'saved' | 'sent' | 'confirmed' | 'durable';

/** Online, an edit should arrive in less; after it the line says since when it waits. */
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

/** The first rung at which something waits for too long; none while waiting is normal: offline, or paused. */
export function stuckRung(state: SyncState, nowMs: number): RungName | undefined {
  const names: readonly RungName[] = isOnline(state) ? ['saved', 'sent', 'confirmed', 'durable'] : ['saved'];
  return names.find((name) => {
    const rung = state[name];
    return rung !== undefined && rung.pending > 0 && waitedMs(rung, nowMs) >= stuckAfterMs;
  });
}

export function waitedMs(rung: Rung, nowMs: number): number {
  return rung.oldestSinceMs === undefined ? 0 : nowMs - rung.oldestSinceMs;
}

/** The first time on a device: there is nothing of its own to tell about yet. */
export function isGetting(state: SyncState): boolean {
  return (
    state.status === 'syncing' &&
    !state.download.caughtUp &&
    state.saved.pending + state.confirmed.pending === 0
  );
}

export function isNotSaved(state: SyncState): boolean {
  return state.storage.state === 'failing' || state.saved.error !== undefined;
}

/** Why this device cannot save. */
export function notSavedError(state: SyncState): KernelError | undefined {
  return state.saved.error ?? state.storage.error;
}

/** The whole is `failed` where this device cannot save, too; what is sent and confirmed goes on being true then. */
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
  if (rung.pending === 0) return 'reached';
  return isStuck ? 'stuck' : 'waiting';
}

/** What is not confirmed cannot be stored; what is confirmed may be, where no relay told whether it stores. */
function storedStep(state: SyncState, confirmed: Step, isStuck: boolean): Step {
  if (state.durable) return step(state.durable, isStuck);
  return state.durability === 'unknown' && confirmed !== 'reached' ? 'waiting' : 'unknown';
}
