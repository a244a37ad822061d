import type { RelayMemory } from './relay-memory.ts';

/** For a node that leaves no trace on this device. */
export const noRelayMemory: RelayMemory = {
  read: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
};
