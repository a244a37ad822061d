import type { KernelError } from '../base/kernel-error.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { PeerStatus } from './peer-status.ts';

/** Where the data is, derived only from evidence. Immutable: every change creates a new object. */
export interface SyncState {
  readonly status:
    'signed-out' | 'off' | 'paused' | 'offline' | 'connecting' | 'syncing' | 'confirmed' | 'failed';
  readonly error?: KernelError;
  /** Committed on this device. */
  readonly saved: Rung;
  /** Handed to the network and drained from the socket's buffer. */
  readonly sent: Rung;
  /** Covered by a `known` or `load` of every relay, never inferred from received content. */
  readonly confirmed: Rung;
  /** Absent unless every relay's hello promises durability. */
  readonly durable?: Rung;
  /** What a durable edit survives at the relay. With several relays, the weakest promise. */
  readonly durability: Durability | 'unknown';
  readonly download: {
    readonly received: number;
    readonly expected?: number;
    readonly caughtUp: boolean;
  };
  readonly storage: StorageStatus;
  /** Measured by the relays' pings. Positive if the relay's clock is ahead. */
  readonly clockOffsetMs?: number;
  readonly peers: readonly PeerStatus[];
}

export type Durability = 'none' | 'process-crash' | 'power-loss';

/** Counts CoValues with edits that have not reached this rung, including those of an earlier run. */
export interface Rung {
  readonly pending: number;
  readonly oldestSinceMs?: number;
  readonly error?: KernelError;
}
