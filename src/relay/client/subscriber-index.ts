import type { LocalNode, Peer, PeerState, RawCoID } from 'cojson';
import { subscribedIDs } from '../../engine/private-fields.ts';
import { wrapMethod } from '../../engine/wrap-method.ts';

/**
 * The clients that follow each CoValue. cojson itself asks every connected client for every message, so an edit would cost
 * more with each idle client.
 */
export interface SubscriberIndex {
  has(id: RawCoID): boolean;
  ids(): Iterable<RawCoID>;
  of(id: RawCoID): readonly PeerState[];
  /** Adds a client to the node, and indexes its subscriptions until it closes. `added` is called with their number. */
  addPeer(peer: Peer, added: (count: number) => void): void;
}

/** Takes the place of the node's own search for the peers of a CoValue. */
export function createSubscriberIndex({ syncManager }: LocalNode): SubscriberIndex {
  /** Most CoValues have one subscriber, and a set of one would take three times the memory. */
  const subscribers = new Map<RawCoID, PeerState | Set<PeerState>>();

  function of(id: RawCoID): PeerState[] {
    const found = subscribers.get(id);
    if (!found) return [];
    return found instanceof Set ? [...found] : [found];
  }

  /** Returns false if the peer was there already. */
  function add(id: RawCoID, peer: PeerState): boolean {
    const found = subscribers.get(id);
    if (found === peer) return false;
    if (!found) subscribers.set(id, peer);
    else if (!(found instanceof Set)) subscribers.set(id, new Set([found, peer]));
    else if (found.has(peer)) return false;
    else found.add(peer);
    return true;
  }

  function remove(id: RawCoID, peer: PeerState): void {
    const found = subscribers.get(id);
    if (found instanceof Set) {
      found.delete(peer);
      if (found.size > 0) return;
    } else if (found !== peer) return;
    subscribers.delete(id);
  }

  wrapMethod(syncManager, 'getPeers', () => of);
  // A relay has no server above it, which cojson would look for among all clients, for each message.
  wrapMethod(syncManager, 'getServerPeers', () => () => []);

  return {
    has: (id) => subscribers.has(id),
    ids: () => [...subscribers.keys()],
    of,
    addPeer(client, added) {
      syncManager.addPeer(client);
      const peer = syncManager.peers[client.id];
      if (!peer) return;
      let count = 0;
      // cojson reports each change in what it knows of a peer, starting with the subscription.
      const unsubscribe = peer.subscribeToKnownStatesUpdates((id) => {
        if (add(id, peer)) added(++count);
      });
      peer.addCloseListener(() => {
        unsubscribe();
        for (const id of subscribedIDs(peer) ?? subscribers.keys()) remove(id, peer);
      });
    },
  };
}
