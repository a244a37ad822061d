import { rungs, type RungName } from '../../sync/rungs.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import type { Durability, SyncState } from '../../sync/sync-state.ts';
import type { PlainError } from './plain-error.ts';
import type { Relay } from './relay-facts.ts';

export { rungs, type RungName };

export interface Overview {
  readonly status: SyncState['status'];
  readonly error?: PlainError;
  /** Without `durable` if a relay promises no durability. */
  readonly rungs: Readonly<Record<Exclude<RungName, 'durable'>, RungCount>> & {
    readonly durable?: RungCount;
  };
  readonly durability: Durability | 'unknown';
  /** Edits from this device that no device counts. Absent if there are none. */
  readonly notCounted?: number;
  /** Edits that this device refused since the inspector was created, less those that were dismissed. Absent if there are none. */
  readonly notMade?: number;
  /** How far the relay's clock is ahead, in whole minutes. Absent up to 5 minutes, and until it is measured. */
  readonly clockOffsetMs?: number;
  readonly storage: Pick<
    StorageStatus,
    'kind' | 'state' | 'persisted' | 'usedBytes' | 'quotaBytes' | 'takeover'
  > & { readonly error?: PlainError };
  readonly relays: readonly Relay[];
  /** The app added the node's peers itself: the inspector can read them, but not pause, redial or inject faults. */
  readonly isStock?: true;
}

/** Whether the browser refused the database, so the edits that earlier runs left in it are unknown. */
export function isStorageRefused({ storage }: Pick<Overview, 'storage'>): boolean {
  return storage.state === 'memory-only' && storage.error !== undefined;
}

/** CoValues that have not reached this rung. */
export interface RungCount {
  /** False until the records of earlier runs are read: more than `pending` may wait. */
  readonly known: boolean;
  readonly pending: number;
  readonly oldestSinceMs?: number;
  readonly error?: PlainError;
}
