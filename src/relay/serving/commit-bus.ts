import type { Query } from '../database/database.ts';

/** Notifies the relays on one database about each other's commits. */
export interface CommitBus {
  /**
   * Publishes within the transaction of `query`: the notification is sent if and only if the transaction commits. Rejects if
   * the database lacks what this relay committed before.
   */
  publish(query: Query, ids: readonly string[]): Promise<void>;
  /** Call it once the transaction of the last `publish` is committed. */
  published(): void;
  /** Like `publish`: the storage got another epoch. */
  publishRenewal(query: Query): Promise<void>;
  /** Called with the CoValues of each commit by another relay. */
  onIds(listener: (ids: readonly string[]) => void): void;
  /** Listening began or resumed. Commits before that may have been missed. */
  onGap(listener: () => void): void;
  /** The database may have gone back to an earlier state: its connection was lost, or another relay renewed the epoch. */
  onDoubt(listener: () => void): void;
  /** False while notifications are lost. Reconnects automatically. */
  readonly isListening: boolean;
}
