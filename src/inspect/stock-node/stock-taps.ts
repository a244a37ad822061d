import type { LocalNode, Peer, PeerState } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { MessageTap } from '../../sync/inspection.ts';
import { outgoingOf } from '../../engine/private-fields.ts';
import { shownPeerID } from '../shared/peer-address.ts';

/**
 * Listens to a node's messages, where cojson has no events for it: while somebody listens, methods of this node and of its
 * peers' channels are wrapped, and nothing else of them is touched. Returns the way back.
 */
export function tapStockNode(node: LocalNode, clock: Clock, tap: MessageTap): () => void {
  const manager = node.syncManager;
  const { handleSyncMessage, addPeer } = manager;
  const stops: (() => void)[] = [];

  function listenTo(id: string, outgoing: Peer['outgoing']): void {
    const { push } = outgoing;
    const own: typeof push = (message) => {
      if (message !== 'Disconnected') {
        tap('sent', shownPeerID(id), message, JSON.stringify(message).length, clock.nowMs());
      }
      push.call(outgoing, message);
    };
    outgoing.push = own;
    stops.push(() => {
      if (outgoing.push === own) outgoing.push = push;
    });
  }

  for (const peer of Object.values(manager.peers)) {
    const outgoing = outgoingOf(peer);
    if (outgoing) listenTo(peer.id, outgoing);
  }
  const ownAddPeer: typeof addPeer = (peer, skip) => {
    listenTo(peer.id, peer.outgoing);
    addPeer.call(manager, peer, skip);
  };
  const ownHandle = (message: Parameters<typeof handleSyncMessage>[0], peer: PeerState): void => {
    handleSyncMessage.call(manager, message, peer);
    tap('received', shownPeerID(peer.id), message, JSON.stringify(message).length, clock.nowMs());
  };
  Object.assign(manager, { addPeer: ownAddPeer, handleSyncMessage: ownHandle });

  return () => {
    for (const stop of stops) stop();
    if (manager.addPeer === ownAddPeer) manager.addPeer = addPeer;
    if (manager.handleSyncMessage === ownHandle) manager.handleSyncMessage = handleSyncMessage;
  };
}
