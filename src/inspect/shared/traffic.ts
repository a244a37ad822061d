import type { SyncMessage } from 'cojson';
import type { MessageTap } from '../../sync/inspection.ts';
import type { SecondsRing } from './seconds-ring.ts';
import type { Priority, Traffic } from '../snapshot.ts';

/** Counts messages: totals by relay, and by priority in the ring. */
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
      const priority = priorityOf(message);
      ring.count(`messages/${priority}`, atMs, 1);
      ring.count(`bytes/${priority}`, atMs, bytes);
    },
    sentTo: (peerID) => totals.sent.get(peerID) ?? none,
    receivedFrom: (peerID) => totals.received.get(peerID) ?? none,
  };
}

/** The queue that cojson puts a message in: content by what it is about, and all else goes first but reconciling. */
export function priorityOf(message: SyncMessage): Priority {
  if (message.action === 'reconcile') return 'low';
  if (message.action !== 'content') return 'high';
  return namedPriority(message.priority);
}

/** Of cojson's numbers, as content and headers have them. */
export function namedPriority(priority: number): Priority {
  if (priority === 0) return 'high';
  return priority === 3 ? 'medium' : 'low';
}
