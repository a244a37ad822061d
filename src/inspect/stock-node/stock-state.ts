import type { LocalNode } from 'cojson';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import type { PeerStatus } from '../../sync/peer-status.ts';
import type { Rung, SyncState } from '../../sync/sync-state.ts';
import { shownPeerID } from '../shared/peer-address.ts';
import { serverPeersOf } from './stock-unsynced.ts';

/** A peer that is not closed counts as connected, because cojson does not expose its transport's state. */
export function stockState(
  node: LocalNode,
  unsynced: readonly UnsyncedCoValue[],
  connectedSinceMs: (peerID: string) => number,
): SyncState {
  const servers = serverPeersOf(node);
  const peers = servers.map((peer): PeerStatus => {
    const id = shownPeerID(peer.id);
    const phase = peer.closed
      ? ({ phase: 'closed' } as const)
      : ({ phase: 'connected', sinceMs: connectedSinceMs(id) } as const);
    return { id, url: id, ...phase };
  });
  const confirmed = rungOf(unsynced, 'confirmed');
  return {
    status: statusOf(node, peers, confirmed),
    saved: rungOf(unsynced, 'saved'),
    sent: rungOf(unsynced, 'sent'),
    confirmed,
    durability: 'unknown',
    notCounted: { count: 0, ids: [] },
    download: { received: 0, caughtUp: false },
    storage: node.storage ? { kind: 'custom', state: 'ok' } : { kind: 'memory', state: 'memory-only' },
    peers,
  };
}

function statusOf(node: LocalNode, peers: readonly PeerStatus[], confirmed: Rung): SyncState['status'] {
  if (peers.length === 0 && node.syncWhen === 'never') return 'off';
  if (peers.every(({ phase }) => phase === 'closed')) return 'offline';
  return confirmed.pending === 0 ? 'confirmed' : 'syncing';
}

function rungOf(unsynced: readonly UnsyncedCoValue[], rung: 'saved' | 'sent' | 'confirmed'): Rung {
  const pending = unsynced.filter((coValue) => coValue[rung] === 'pending');
  const [oldest] = pending;
  return { known: true, pending: pending.length, ...(oldest && { oldestSinceMs: oldest.sinceMs }) };
}
