import type { RawCoID, StorageAPI } from 'cojson';
import { unconfirmedMark } from '../storage/unconfirmed-mark.ts';

/** Remembers on this device which CoValues are unconfirmed, so that a later run need not load them to find out. */
export interface UnconfirmedMarks {
  /** Takes effect with the next `write`. */
  set(id: string, isUnconfirmed: boolean): void;
  /** Call before content is stored, so that a crash never leaves content without its mark. */
  write(): void;
  /** Calls `run` once all marks set before are on disk; never if the write fails. */
  whenWritten(run: () => void): void;
  /** Reads all marks, including those of other tabs and earlier runs. */
  read(found: (ids: readonly string[]) => void): void;
}

export function createUnconfirmedMarks(storage: StorageAPI | undefined): UnconfirmedMarks {
  const unwritten = new Map<string, boolean>();
  /** The storage completes writes in order. */
  let startedCount = 0;
  let doneCount = 0;
  /** In the order of the calls. */
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
    // Thousands of calls may wait for thousands of writes, so each call is visited only once.
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
