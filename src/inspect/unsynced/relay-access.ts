import type { SyncState } from '../../sync/sync-state.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { Way } from '../snapshot/unsynced-row.ts';

/** The worst access among these relays. */
export function relayAccess(status: SyncState['status'], relays: readonly Relay[]): Way {
  const phases = relays.map((relay) => relay.phase);
  if (status === 'signed-out' || status === 'off' || status === 'paused') return { kind: 'shut' };
  const isSilent = relays.some(({ phase, outage }) => phase === 'connected' && outage);
  if (isSilent || phases.some((phase) => phase === 'waiting' || phase === 'offline' || phase === 'failed')) {
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
