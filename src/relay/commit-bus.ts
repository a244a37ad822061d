import type { Query } from './database/database.ts';

/** How the relays on one database hear of each other's commits. */
export interface CommitBus {
  /** Within the commit's transaction, so that it is told if, and only if, it is committed. */
  publish(query: Query, ids: readonly string[]): Promise<void>;
  /** What other relays committed. */
  onIds(listener: (ids: readonly string[]) => void): void;
  /** From now on all is heard; anything may have been missed before. */
  onGap(listener: () => void): void;
  /** False while commits of others are missed; it mends by itself. */
  readonly isListening: boolean;
}
