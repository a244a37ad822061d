import type { SessionID } from 'cojson';
import type { Locks } from '../../platform/platform.ts';
import type { CleanMarks } from './clean-marks.ts';
import { holdLock, type HeldLock } from './held-lock.ts';
import { createLease, sessionLockName, type SessionIDLease } from './session-id-lease.ts';
import type { SessionIDRecord, SessionIDRecords } from './session-id-records.ts';

/** Reuses an ID only if its last run ended provably clean: two nodes under one ID fork its history and lose edits. */
export async function leaseSessionID(options: {
  readonly locks: Locks;
  readonly records: SessionIDRecords;
  readonly cleanMarks: CleanMarks;
  readonly accountID: string;
  readonly newSessionID: () => SessionID;
  /** False if the device lost what earlier runs wrote. */
  readonly hasContent: Promise<boolean>;
  /** Ends the wait for other tabs that are choosing an ID or about to release one. */
  readonly signal: AbortSignal;
}): Promise<SessionIDLease> {
  const { locks, records, cleanMarks, accountID, newSessionID, hasContent, signal } = options;
  const choosing = await holdLock(locks, `maia/session-ids/${accountID}`, { signal });
  try {
    for (const record of await records.all()) {
      const lease = await reuse(record);
      if (lease) return lease;
    }
    return await begin();
  } finally {
    void choosing?.release();
  }

  async function reuse(record: SessionIDRecord): Promise<SessionIDLease | undefined> {
    const { sessionID } = record;
    const lock = await lockOf(record);
    if (!lock) return undefined;
    try {
      if (!cleanMarks.isSet(sessionID, record.epoch) || !(await hasContent)) {
        await records.delete(sessionID);
        cleanMarks.remove(sessionID);
        await lock.release();
        return undefined;
      }
      return await lease(record, { isReused: true, lock });
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async function lockOf({ sessionID, epoch }: SessionIDRecord): Promise<HeldLock | undefined> {
    const name = sessionLockName(sessionID);
    if (!cleanMarks.isSet(sessionID, epoch)) return holdLock(locks, name, { ifAvailable: true });
    // The run wrote its clean mark, but a page that is unloading holds its lock a moment longer, so wait for it.
    return holdLock(locks, name, { signal }).catch(() => undefined);
  }

  async function begin(): Promise<SessionIDLease> {
    const sessionID = newSessionID();
    const lock = await holdLock(locks, sessionLockName(sessionID), {});
    if (!lock) throw new Error('The requested lock was not granted.');
    try {
      return await lease({ v: 1, sessionID, epoch: 0 }, { isReused: false, lock });
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The epoch is on the disk before the first edit, so that no crash leaves an ID that looks clean. */
  async function lease(
    record: SessionIDRecord,
    given: Pick<Parameters<typeof createLease>[0], 'isReused' | 'lock'>,
  ): Promise<SessionIDLease> {
    const { sessionID } = record;
    const epoch = record.epoch + 1;
    await records.put({ ...record, epoch });
    cleanMarks.remove(sessionID);
    return createLease({ locks, records, cleanMarks, sessionID, epoch, ...given });
  }
}
