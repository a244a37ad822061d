import type { SyncMessage } from 'cojson';
import type { ConnectionSubscriptions } from './subscriptions.ts';

/** Tracks one client's subscriptions to CoValues and its unanswered loads. */
export interface Following {
  count(): number;
  openLoads(): number;
  received(message: SyncMessage): void;
  /** Returns whether the message answered a load. */
  answered(message: SyncMessage): boolean;
  has(id: string): boolean;
  /** Call it when the connection ends. */
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

/** Whether sending or receiving the message makes cojson record that the client is interested in the CoValue. */
function isAboutOne(
  message: SyncMessage,
): message is Extract<SyncMessage, { action: 'load' | 'known' | 'content' }> {
  return message.action === 'load' || message.action === 'known' || message.action === 'content';
}
