import type { KernelError } from '../base/kernel-error.ts';
import type { NotCountedEdit } from '../engine/edit-verdicts.ts';
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
  /** Edits that this tab made, or an earlier run left behind, and that no device counts. They are delivered anyway. */
  readonly notCounted: {
    /** The number of edits. */
    readonly count: number;
    /** Their CoValues, at most 100. */
    readonly ids: readonly string[];
  };
  readonly download: {
    readonly received: number;
    readonly expected?: number;
    /** Of content, on the current connections. Absent if the app connects the node itself. */
    readonly bytes?: number;
    readonly caughtUp: boolean;
  };
  /** Content, on the current connections. Absent if the app connects the node itself. */
  readonly upload?: {
    /** Handed to the network and drained from the socket's buffer. */
    readonly bytes: number;
    /** Still in the socket's buffer. Edits that wait for a connection or for room there are not included. */
    readonly bufferedBytes: number;
  };
  readonly storage: StorageStatus;
  /** Measured by the relays' pings. Positive if the relay's clock is ahead. With several relays, the smallest difference. */
  readonly clockOffsetMs?: number;
  readonly peers: readonly PeerStatus[];
}

export type Durability = 'none' | 'process-crash' | 'power-loss';

/** Counts CoValues with edits that have not reached this rung, including those of an earlier run. */
export interface Rung {
  /**
   * False until this device's records of earlier runs are read, and while a relay that is new or lost data has yet to be
   * compared with everything on this device: more than `pending` may wait. Always true for `saved`.
   */
  readonly known: boolean;
  readonly pending: number;
  readonly oldestSinceMs?: number;
  readonly error?: KernelError;
}

/** `failed`: something has to change first. `unknown`: there is no evidence yet, or no relay promises any. */
export type Step = 'reached' | 'pending' | 'failed' | 'unknown';

/** How far this device's edits of one CoValue have got. Immutable: every change creates a new object. */
export interface CoValueSync {
  readonly id: string;
  /** As in `Rung`. Until then, a step without a pending edit is `unknown`. */
  readonly known: boolean;
  readonly saved: Step;
  readonly sent: Step;
  readonly confirmed: Step;
  readonly durable: Step;
  /** When the oldest pending edit was made (or found, if from an earlier run), in ms since the Unix epoch. */
  readonly sinceMs?: number;
  /** Why edits are stuck, if a failed write or a relay gave a reason. */
  readonly error?: KernelError;
  /** Edits that no device counts. They are delivered anyway. */
  readonly notCounted: readonly NotCountedEdit[];
}
