import type { SyncMessage } from 'cojson';

/** The loads of one client that are not answered yet. */
export interface OpenLoads {
  count(): number;
  received(message: SyncMessage): void;
  /** Returns whether the message answered a load. */
  answered(message: SyncMessage): boolean;
}

export function createOpenLoads(): OpenLoads {
  const ids = new Set<string>();

  return {
    count: () => ids.size,
    received(message) {
      if (message.action === 'load') ids.add(message.id);
    },
    answered: (message) =>
      (message.action === 'load' || message.action === 'known' || message.action === 'content') &&
      ids.delete(message.id),
  };
}
