import type { Content, RawCoID } from '../engine/content.ts';
import type { StorageQuota } from './quota/storage-quota.ts';
import type { WriteAttempts } from './write-queue.ts';

/** Everything that `inspect` may read of a device's storage. Reading changes neither the data nor the known states. */
export interface StorageInspection {
  /** Names of the databases that hold the account's content now. */
  databases(): readonly string[];
  /** All stored IDs, in pages; an ID may occur twice. Queued writes are left out. Rejects if the database cannot be read. */
  ids(): AsyncIterable<readonly PlacedID[]>;
  /** Unconfirmed IDs, including those of other tabs and earlier runs. Rejects if they cannot be read. */
  unconfirmed(): Promise<readonly RawCoID[]>;
  /** The stored content of these IDs, as cojson would receive it. Rejects if it cannot be read. */
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Content[]>>;
  readonly attempts: WriteAttempts;
  readonly quota: StorageQuota;
}

export interface PlacedID {
  readonly id: RawCoID;
  /** IDs with close places are stored close together, so reading them in one batch is cheaper. */
  readonly place: number;
}
