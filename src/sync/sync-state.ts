import type { KernelError } from '../base/kernel-error.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { PeerStatus } from './peer-status.ts';

/** Where the data is, from evidence only. Immutable; a new object for each change. */
export interface SyncState {
  readonly status:
    'signed-out' | 'off' | 'paused' | 'offline' | 'connecting' | 'syncing' | 'confirmed' | 'failed';
  readonly error?: KernelError;
  /** Committed on this device. */
  readonly saved: Rung;
  /** Bytes handed over to the network and drained. */
  readonly sent: Rung;
  /** Every relay's `known` or `load` covers it; never inferred from received content. */
  readonly confirmed: Rung;
  /** Absent unless every relay's hello promises durability. */
  readonly durable?: Rung;
  /** What a durable edit survives at the relay; the weakest of the relays. */
  readonly durability: Durability | 'unknown';
  readonly download: {
    readonly received: number;
    readonly expected?: number;
    readonly caughtUp: boolean;
  };
  readonly storage: StorageStatus;
  /** Known from relays' pings. Positive: the relay's clock is ahead. */
  readonly clockOffsetMs?: number;
  readonly peers: readonly PeerStatus[];
}

export type Durability = 'none' | 'process-crash' | 'power-loss';

/** Counts CoValues with edits that have not reached this rung; also those that an earlier run left behind. */
export interface Rung {
  readonly pending: number;
  readonly oldestSinceMs?: number;
  readonly error?: KernelError;
}
