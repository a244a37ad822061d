import type { SessionID } from 'cojson';
import type { CleanMarks } from './clean-marks.ts';
import { holdLock, type HeldLock } from './held-lock.ts';
import type { SessionIDRecords } from './session-id-records.ts';
import type { Locks } from '../../platform/platform.ts';

/** The right to write under a session id: of one node at a time, on this device and everywhere. */
export interface SessionIDLease {
  readonly sessionID: SessionID;
  /** An earlier run wrote under it. What it wrote has to be loaded before more is written. */
  readonly isReused: boolean;
  /** False from the moment when somebody else may have the id. */
  readonly isHeld: boolean;
  /**
   * Gives the id up, in the very call: the page may end after it. With `isClean`, nothing of this run is unsaved, and the
   * id may be used again; otherwise nobody ever does, unless this lease is taken back. Safe to call twice.
   */
  letGo(isClean: boolean): void;
  /** False where somebody took the id or spent it meanwhile, or that cannot be known. */
  takeBack(): Promise<boolean>;
  /** Calls once, when the id was taken from this lease while it was held. */
  onRobbed(listener: () => void): void;
}

/** A new random id that is kept nowhere: nobody else can come by it, so nobody has to be kept off. */
export function createUnsharedLease(sessionID: SessionID): SessionIDLease {
  return {
    sessionID,
    isReused: false,
    isHeld: true,
    letGo: () => {},
    takeBack: () => Promise.resolve(true),
    onRobbed: () => {},
  };
}

export const sessionLockPrefix = 'maia/session/';

export function sessionLockName(sessionID: SessionID): string {
  return sessionLockPrefix + sessionID;
}

/** The lease of whoever holds the id's lock, with `epoch` written. */
export function createLease(parts: {
  readonly locks: Locks;
  readonly records: SessionIDRecords;
  readonly cleanMarks: CleanMarks;
  readonly sessionID: SessionID;
  readonly isReused: boolean;
  readonly epoch: number;
  readonly lock: HeldLock;
}): SessionIDLease {
  const { locks, records, cleanMarks, sessionID, isReused } = parts;
  const listeners: (() => void)[] = [];
  let { epoch } = parts;
  let held: HeldLock | undefined;
  let released: Promise<void> | undefined;

  function hold(lock: HeldLock): void {
    held = lock;
    lock.onRobbed(() => {
      if (held !== lock) return;
      held = undefined;
      for (const listener of listeners.splice(0)) listener();
    });
  }
  hold(parts.lock);

  async function renewed(): Promise<boolean> {
    const record = await records.get(sessionID);
    // Whoever had the id since has counted it, or has spent it.
    if (record?.epoch !== epoch) return false;
    // A mark that a crash brings back must not speak of the time from here on.
    await records.put({ ...record, epoch: epoch + 1 });
    epoch += 1;
    cleanMarks.remove(sessionID);
    return true;
  }

  return {
    sessionID,
    isReused,
    get isHeld() {
      return held !== undefined;
    },
    letGo(isClean) {
      if (!held) return;
      if (isClean) cleanMarks.set(sessionID, epoch);
      released = held.release();
      held = undefined;
    },
    async takeBack() {
      if (held) return true;
      let lock: HeldLock | undefined;
      try {
        await released;
        lock = await holdLock(locks, sessionLockName(sessionID), { ifAvailable: true });
        if (!lock || !(await renewed())) {
          await lock?.release();
          return false;
        }
      } catch {
        await lock?.release();
        return false; // A database or lock that fails now proves nothing about the id.
      }
      hold(lock);
      return true;
    },
    onRobbed: (listener) => void listeners.push(listener),
  };
}
