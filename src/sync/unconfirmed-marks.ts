import type { RawCoID, StorageAPI } from 'cojson';
import { unconfirmedMark } from '../storage/unconfirmed-mark.ts';

/** Remembers on this device which CoValues no relay has confirmed, so that a later run knows without loading them. */
export interface UnconfirmedMarks {
  /** Effective with the next `write`. */
  set(id: string, isUnconfirmed: boolean): void;
  /** Called before content is stored, so that no crash leaves content without its mark. */
  write(): void;
  /** Calls once all marks that were set before are as they were set, on the disk; never where that fails. */
  whenWritten(run: () => void): void;
  /** What an earlier run left behind. */
  read(found: (ids: readonly string[]) => void): void;
}

export function createUnconfirmedMarks(storage: StorageAPI | undefined): UnconfirmedMarks {
  const unwritten = new Map<string, boolean>();
  /** Writes are done in order. */
  let startedCount = 0;
  let doneCount = 0;
  /** The first to be called comes first. */
  let waiting: { readonly count: number; run(): void }[] = [];
  let nextWaiting = 0;

  function write(): void {
    if (!storage || unwritten.size === 0) return;
    const updates = [...unwritten].map(([id, isUnconfirmed]) => ({
      id: id as RawCoID,
      peerId: unconfirmedMark,
      synced: !isUnconfirmed,
    }));
    unwritten.clear();
    startedCount++;
    storage.trackCoValuesSyncState(updates, written);
  }

  function written(): void {
    doneCount++;
    // Thousands may wait for thousands of writes, so that each is looked at once.
    for (let next = waiting[nextWaiting]; next && next.count <= doneCount; next = waiting[nextWaiting]) {
      nextWaiting++;
      next.run();
    }
    if (nextWaiting < waiting.length) return;
    waiting = [];
    nextWaiting = 0;
  }

  return {
    set: (id, isUnconfirmed) => void unwritten.set(id, isUnconfirmed),
    write,
    whenWritten(run) {
      write();
      if (doneCount === startedCount) run();
      else waiting.push({ count: startedCount, run });
    },
    read(found) {
      if (storage) storage.getUnsyncedCoValueIDs(found);
      else found([]);
    },
  };
}
