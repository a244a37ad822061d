import type { SessionID } from 'cojson';
import type { Marks } from '../../platform/platform.ts';

/**
 * A mark means that a run left nothing unsaved. It is written while a page ends, when IndexedDB no longer answers. A
 * mark counts only for its epoch, so one that outlives a crash is harmless; a lost one only costs a session
 * ID.
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
      return undefined; // Storage is full or suddenly denied: treat it as a lost mark.
    }
  }

  return {
    set: (sessionID, epoch) => attempt(() => marks.setItem(key(sessionID), String(epoch))),
    isSet: (sessionID, epoch) => attempt(() => marks.getItem(key(sessionID))) === String(epoch),
    remove: (sessionID) => attempt(() => marks.removeItem(key(sessionID))),
  };
}
