import { priorityOfMessage } from '../../engine/message-priority.ts';
import type { MessageTap } from '../../sync/inspection.ts';
import type { Traffic } from '../snapshot/measures.ts';
import type { SecondsRing } from './seconds-ring.ts';

export interface MessageCounts {
  readonly add: MessageTap;
  sentTo(peerID: string): Traffic;
  receivedFrom(peerID: string): Traffic;
}

const none: Traffic = { messages: 0, bytes: 0 };

export function createMessageCounts(ring: SecondsRing): MessageCounts {
  const totals = { sent: new Map<string, Traffic>(), received: new Map<string, Traffic>() };
  return {
    add(direction, peerID, message, bytes, atMs) {
      const before = totals[direction].get(peerID) ?? none;
      totals[direction].set(peerID, { messages: before.messages + 1, bytes: before.bytes + bytes });
      ring.count('events', atMs, 1);
      if (direction === 'received') return;
      const priority = priorityOfMessage(message);
      ring.count(`messages/${priority}`, atMs, 1);
      ring.count(`bytes/${priority}`, atMs, bytes);
    },
    sentTo: (peerID) => totals.sent.get(peerID) ?? none,
    receivedFrom: (peerID) => totals.received.get(peerID) ?? none,
  };
}
