import type { NewContent, RawCoID } from './content.ts';
import type { StorageRoom } from './storage-room.ts';
import type { WriteTries } from './write-queue.ts';

/**
 * What `inspect` may read of a device's storage, and nothing more. Reading changes nothing: neither what is there, nor what
 * the storage believes that its node has.
 */
export interface StorageInspection {
  /** Names of the databases in which content of the account stands now. */
  databases(): readonly string[];
  /** All that stand there now, in pages; an id may come twice. What is not written yet is left out. Rejects where it cannot be read. */
  ids(): AsyncIterable<readonly PlacedID[]>;
  /** Those that no relay has confirmed, also other tabs' and earlier runs'. Rejects where it cannot be read. */
  unconfirmed(): Promise<readonly RawCoID[]>;
  /** Of these, what is there, as cojson would be handed it. Rejects where it cannot be read. */
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly NewContent[]>>;
  readonly tries: WriteTries;
  readonly room: StorageRoom;
}

export interface PlacedID {
  readonly id: RawCoID;
  /** Those with places near each other stand near each other, and are read together for less. */
  readonly place: number;
}
