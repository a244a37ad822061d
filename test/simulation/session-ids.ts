import type { RawAccountID, SessionID } from 'cojson';
import type { Clock } from '../../src/base/clock.ts';
import { createCleanMarks } from '../../src/session/session-ids/clean-marks.ts';
import { createUnsharedLease, type SessionIDLease } from '../../src/session/session-ids/session-id-lease.ts';
import { leaseSessionID } from '../../src/session/session-ids/session-id-pool.ts';
import type { SessionIDRecord, SessionIDRecords } from '../../src/session/session-ids/session-id-records.ts';
import { createFakeLocks } from '../support/platform/fake-locks.ts';
import type { DeviceDisk } from './device-disk.ts';
import type { DiskStorage } from './disk-storage.ts';
import type { Dice } from './random.ts';

/** The session IDs of one device's browser: the kernel's real pool of them, on this device's records, marks and locks. */
export interface SessionIDs {
  lease(page: {
    readonly clock: Clock;
    readonly disk: DeviceDisk;
    readonly storage: DiskStorage;
    readonly accountID: RawAccountID;
    readonly newSessionID: () => SessionID;
  }): Promise<SessionIDLease>;
  /** Whether a page hears that it ends. One that crashes does not. */
  hearsEnd(): boolean;
  /** Those of a copy of the browser profile. Locks are the browser's and are not copied. */
  copy(dice: Dice): SessionIDs;
}

const maxMs = 10;
const percentHeard = 50;
/** As in `acquireSessionID`. */
const choosingMs = 3_000;

export function createSessionIDs(
  dice: Dice,
  earlier: {
    readonly records?: ReadonlyMap<SessionID, SessionIDRecord>;
    readonly marks?: ReadonlyMap<string, string>;
  } = {},
): SessionIDs {
  const records = new Map(earlier.records);
  const marks = new Map(earlier.marks);
  const locks = createFakeLocks();
  const cleanMarks = createCleanMarks({
    getItem: (key) => marks.get(key) ?? null,
    setItem: (key, value) => void marks.set(key, value),
    removeItem: (key) => void marks.delete(key),
  });

  function recordsFor(clock: Clock, disk: DeviceDisk): SessionIDRecords {
    const later = <T>(run: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        clock.after(dice.between(0, maxMs), () => {
          if (disk.isFailing || disk.isUnreadable) reject(new DOMException('no data', 'UnknownError'));
          else resolve(run());
        });
      });
    return {
      all: () => later(() => [...records.values()]),
      get: (sessionID) => later(() => records.get(sessionID)),
      put: (record) => later(() => void records.set(record.sessionID, record)),
      delete: (sessionID) => later(() => void records.delete(sessionID)),
    };
  }

  return {
    async lease({ clock, disk, storage, accountID, newSessionID }) {
      const choosing = new AbortController();
      const cancel = clock.after(choosingMs, () => choosing.abort());
      try {
        return await leaseSessionID({
          locks,
          records: recordsFor(clock, disk),
          cleanMarks,
          accountID,
          newSessionID,
          hasContent: new Promise((resolve) =>
            storage.loadKnownState(accountID, (state) => resolve(state !== undefined)),
          ),
          signal: choosing.signal,
        });
      } catch {
        return createUnsharedLease(newSessionID());
      } finally {
        cancel();
      }
    },
    hearsEnd: () => dice.chance(percentHeard),
    copy: (own) => createSessionIDs(own, { records, marks }),
  };
}
