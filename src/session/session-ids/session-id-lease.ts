import type { SessionID } from 'cojson';
import type { CleanMarks } from './clean-marks.ts';
import { holdLock, type HeldLock } from './held-lock.ts';
import type { SessionIDRecords } from './session-id-records.ts';
import type { Locks } from '../../platform/platform.ts';

/** The exclusive right of one node to write under a session ID. */
export interface SessionIDLease {
  readonly sessionID: SessionID;
  /** An earlier run wrote under this ID. Load its content before writing more. */
  readonly isReused: boolean;
  /** False if no other node can ever have the ID, so there is nothing to release or to lose. */
  readonly isShared: boolean;
  /** False from the moment when another node may have the ID. */
  readonly isHeld: boolean;
  /** Synchronous, because the page may end. Unless `isClean`, only this lease can reclaim the ID. Idempotent. */
  release(isClean: boolean): void;
  /** False if another tab took or spent the ID in the meantime, or if that cannot be determined. */
  reclaim(): Promise<boolean>;
  /** Calls back once if the ID is stolen while this lease holds it. */
  onStolen(listener: () => void): void;
}

/** A new random ID that is stored nowhere, so no other node can use it and no lock is needed. */
export function createUnsharedLease(sessionID: SessionID): SessionIDLease {
  return {
    sessionID,
    isReused: false,
    isShared: false,
    isHeld: true,
    release: () => {},
    reclaim: () => Promise.resolve(true),
    onStolen: () => {},
  };
}

export const sessionLockPrefix = 'maia/session/';

export function sessionLockName(sessionID: SessionID): string {
  return sessionLockPrefix + sessionID;
}

/** Creates the lease for the holder of the ID's lock, after `epoch` was written. */
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
    lock.onStolen(() => {
      if (held !== lock) return;
      held = undefined;
      for (const listener of listeners.splice(0)) listener();
    });
  }
  hold(parts.lock);

  async function renewed(): Promise<boolean> {
    const record = await records.get(sessionID);
    // Another tab has since used or spent the ID.
    if (record?.epoch !== epoch) return false;
    // A clean mark that reappears after a crash must not count for what is written from here on.
    await records.put({ ...record, epoch: epoch + 1 });
    epoch += 1;
    cleanMarks.remove(sessionID);
    return true;
  }

  return {
    sessionID,
    isReused,
    isShared: true,
    get isHeld() {
      return held !== undefined;
    },
    release(isClean) {
      if (!held) return;
      if (isClean) cleanMarks.set(sessionID, epoch);
      released = held.release();
      held = undefined;
    },
    async reclaim() {
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
        return false; // A failing database or lock proves nothing about the ID.
      }
      hold(lock);
      return true;
    },
    onStolen: (listener) => void listeners.push(listener),
  };
}
