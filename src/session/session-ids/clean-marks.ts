import type { SessionID } from 'cojson';
import type { Marks } from '../../platform/platform.ts';

/**
 * Says of a session id that its last run left nothing unsaved. It can be written while a page ends, when IndexedDB no
 * longer answers. It counts only for the epoch it names: one that outlives a crash speaks of a run before, and one that
 * is lost costs an id and nothing else.
 */
export interface CleanMarks {
  set(sessionID: SessionID, epoch: number): void;
  isSet(sessionID: SessionID, epoch: number): boolean;
  remove(sessionID: SessionID): void;
}

export function createCleanMarks(marks: Marks): CleanMarks {
  const key = (sessionID: SessionID) => `maia/clean/${sessionID}`;

  function attempt<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch {
      return undefined; // Full, or refused from one moment to the next: as good as lost.
    }
  }

  return {
    set: (sessionID, epoch) => attempt(() => marks.setItem(key(sessionID), String(epoch))),
    isSet: (sessionID, epoch) => attempt(() => marks.getItem(key(sessionID))) === String(epoch),
    remove: (sessionID) => attempt(() => marks.removeItem(key(sessionID))),
  };
}
