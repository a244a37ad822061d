import type { LocalNode, PeerState } from 'cojson';
import type { LoadDelay } from '../../base/kernel-error.ts';
import type { SyncState } from '../../sync/sync-state.ts';

type Relay = SyncState['peers'][number];

export function relaysToAsk({ peers }: Pick<SyncState, 'peers'>): readonly Relay[] {
  return peers.filter(({ phase }) => phase !== 'closed');
}

/** cojson's end of the connection. Undefined without one. */
export function connectedPeer(node: LocalNode, { id, phase }: Relay): PeerState | undefined {
  return phase === 'connected' ? node.syncManager.peers[id] : undefined;
}

/** Why a search has no answer yet. */
export function delayOf(node: LocalNode, state: Pick<SyncState, 'peers'>): LoadDelay {
  const relays = relaysToAsk(state);
  if (relays.length === 0) return 'sync-off';
  return relays.every((relay) => connectedPeer(node, relay)) ? 'no-answer' : 'offline';
}

/** Whether each relay is connected, or may be in a moment: no attempt has failed. */
export function mayAnswerSoon(state: Pick<SyncState, 'peers'>): boolean {
  return relaysToAsk(state).every(
    (relay) => relay.phase === 'connected' || (relay.phase === 'connecting' && relay.attempt === 1),
  );
}
