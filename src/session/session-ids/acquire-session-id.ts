import type { SessionID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { createCleanMarks } from './clean-marks.ts';
import { createUnsharedLease, type SessionIDLease } from './session-id-lease.ts';
import { leaseSessionID } from './session-id-pool.ts';
import { createSessionIDRecords, deleteSessionIDRecords } from './session-id-records.ts';

/** Choosing takes milliseconds. A tab that was frozen amid it would hold up all others for as long as it is. */
const choosingMs = 3_000;

/**
 * The session id for one run of an account in this page. Where the device keeps nothing, or cannot keep tabs apart, it is
 * a new one that no other run ever has: that is always right, and only costs the account one more session.
 */
export async function acquireSessionID(options: {
  readonly platform: Pick<Platform, 'clock' | 'indexedDB' | 'locks' | 'marks'>;
  readonly accountID: string;
  readonly newSessionID: () => SessionID;
  /** False: this run is to leave no trace, not even in the names of locks. */
  readonly isKept: boolean;
  /** Whether the device still has what earlier runs wrote. */
  readonly hasContent: Promise<boolean>;
  readonly logger: Logger;
}): Promise<SessionIDLease> {
  const { platform, accountID, newSessionID, isKept, hasContent, logger } = options;
  const { clock, indexedDB, locks, marks } = platform;
  if (!isKept || !indexedDB || !locks || !marks) return createUnsharedLease(newSessionID());
  const giveUp = new AbortController();
  const cancel = clock.after(choosingMs, () => giveUp.abort());
  try {
    return await leaseSessionID({
      locks,
      records: createSessionIDRecords(indexedDB, accountID, clock),
      cleanMarks: createCleanMarks(marks),
      accountID,
      newSessionID,
      hasContent,
      signal: giveUp.signal,
    });
  } catch (error) {
    logger.warn('This run has a session id of its own, as the kept ones cannot be read', { error });
    return createUnsharedLease(newSessionID());
  } finally {
    cancel();
  }
}

/** Leaves nothing of an account's session ids on this device. For when no tab has it open any more. */
export async function forgetSessionIDs(
  platform: Pick<Platform, 'indexedDB' | 'marks'>,
  accountID: string,
): Promise<void> {
  const { indexedDB, marks } = platform;
  if (!indexedDB) return;
  try {
    const records = await createSessionIDRecords(indexedDB, accountID).all();
    if (marks) for (const { sessionID } of records) createCleanMarks(marks).remove(sessionID);
  } finally {
    // Also where they cannot be read.
    await deleteSessionIDRecords(indexedDB, accountID);
  }
}
