import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { listen, listenToSending } from '../../engine/node-events.ts';
import type { MessageTap } from '../../sync/inspection.ts';
import { shownPeerID } from '../shared/peer-address.ts';

export function tapStockNode(node: LocalNode, clock: Clock, tap: MessageTap): () => void {
  const ends = [
    listenToSending(node, (message, peerID) => {
      tap('sent', shownPeerID(peerID), message, JSON.stringify(message).length, clock.nowMs());
    }),
    listen(node, {
      handled(message, peer) {
        tap('received', shownPeerID(peer.id), message, JSON.stringify(message).length, clock.nowMs());
      },
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
