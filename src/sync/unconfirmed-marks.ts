import type { RawCoID, StorageAPI } from 'cojson';
import { unconfirmedMark } from '../storage/unconfirmed-mark.ts';

/** Remembers on this device which CoValues no relay has confirmed, so that a later run knows without loading them. */
export interface UnconfirmedMarks {
  /** Effective with the next `write`. */
  set(id: string, isUnconfirmed: boolean): void;
  /** Called before content is stored, so that no crash leaves content without its mark. */
  write(): void;
  /** What an earlier run left behind. */
  read(found: (ids: readonly string[]) => void): void;
}

export function createUnconfirmedMarks(storage: StorageAPI | undefined): UnconfirmedMarks {
  const unwritten = new Map<string, boolean>();
  return {
    set: (id, isUnconfirmed) => void unwritten.set(id, isUnconfirmed),
    write() {
      if (!storage || unwritten.size === 0) return;
      const updates = [...unwritten].map(([id, isUnconfirmed]) => ({
        id: id as RawCoID,
        peerId: unconfirmedMark,
        synced: !isUnconfirmed,
      }));
      unwritten.clear();
      storage.trackCoValuesSyncState(updates);
    },
    read(found) {
      if (storage) storage.getUnsyncedCoValueIDs(found);
      else found([]);
    },
  };
}
