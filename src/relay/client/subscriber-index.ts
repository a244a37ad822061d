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
  /** Adds a client to the node, and indexes its subscriptions until it closes. */
  addPeer(peer: Peer): AddedPeer;
}

export interface AddedPeer {
  /** The number of CoValues that it follows. */
  count(): number;
}

/** Takes the place of the node's own search for the peers of a CoValue. */
export function createSubscriberIndex({ syncManager }: LocalNode): SubscriberIndex {
  /** Most CoValues have one subscriber, and a set of one takes three times the memory. */
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
    addPeer(added) {
      syncManager.addPeer(added);
      let count = 0;
      const peer = syncManager.peers[added.id];
      if (peer) {
        // cojson reports each change of what it knows of a peer, beginning with the subscription.
        const unsubscribe = peer.subscribeToKnownStatesUpdates((id) => {
          if (add(id, peer)) count++;
        });
        peer.addCloseListener(() => {
          unsubscribe();
          for (const id of subscribedIDs(peer) ?? subscribers.keys()) remove(id, peer);
        });
      }
      return { count: () => count };
    },
  };
}
