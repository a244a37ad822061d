import type { SyncMessage } from 'cojson';
import type { ConnectionSubscriptions } from './subscriptions.ts';

/** Which CoValues one client follows, and which it waits to get an answer about. */
export interface Following {
  /** How many it follows. */
  count(): number;
  openLoads(): number;
  received(message: SyncMessage): void;
  /** Whether that answered a load. */
  answered(message: SyncMessage): boolean;
  has(id: string): boolean;
  /** With the connection. */
  close(): void;
}

export function createFollowing(subscribed: ConnectionSubscriptions): Following {
  const openLoads = new Set<string>();

  return {
    count: subscribed.count,
    openLoads: () => openLoads.size,
    received(message) {
      if (message.action === 'load') openLoads.add(message.id);
      if (isAboutOne(message)) subscribed.add(message.id);
    },
    answered(message) {
      if (!isAboutOne(message)) return false;
      subscribed.add(message.id);
      return openLoads.delete(message.id);
    },
    has: subscribed.has,
    close() {
      subscribed.close();
      openLoads.clear();
    },
  };
}

/** Whether cojson remembers for it, sent or received, that the client has an interest in the CoValue. */
function isAboutOne(
  message: SyncMessage,
): message is Extract<SyncMessage, { action: 'load' | 'known' | 'content' }> {
  return message.action === 'load' || message.action === 'known' || message.action === 'content';
}
