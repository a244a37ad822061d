import type { SyncMessage } from 'cojson';

export type MessagePriority = 'high' | 'medium' | 'low';

/** The outgoing queue into which cojson puts a message. */
export function priorityOfMessage(message: SyncMessage): MessagePriority {
  if (message.action === 'reconcile') return 'low';
  if (message.action !== 'content') return 'high';
  return namePriority(message.priority);
}

/** @param priority cojson's number, from a content message or computed from a header. */
export function namePriority(priority: number): MessagePriority {
  if (priority === 0) return 'high';
  return priority === 3 ? 'medium' : 'low';
}
