import type { SyncState } from '../../sync/sync-state.ts';
import type { Relay } from '../snapshot.ts';

/** Whether edits can get to a relay: `shut` because somebody wants it so, `blocked` because something is wrong. */
export type Way =
  | { readonly kind: 'open' }
  | { readonly kind: 'connecting'; readonly sinceMs: number }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'shut' };

/** The worst way to any of these relays. */
export function wayTo(status: SyncState['status'], relays: readonly Relay[]): Way {
  const phases = relays.map((relay) => relay.phase);
  if (status === 'signed-out' || status === 'off' || status === 'paused') return { kind: 'shut' };
  if (phases.some((phase) => phase === 'waiting' || phase === 'offline' || phase === 'failed')) {
    return { kind: 'blocked' };
  }
  const connecting = relays.find((relay) => relay.phase === 'connecting');
  if (connecting) {
    return { kind: 'connecting', sinceMs: connecting.disconnectedSinceMs ?? connecting.phaseSinceMs };
  }
  return phases.length > 0 && phases.every((phase) => phase === 'connected')
    ? { kind: 'open' }
    : { kind: 'shut' };
}
