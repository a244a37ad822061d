import type { SessionID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Clock } from '../../base/clock.ts';
import type { Marks, Platform } from '../../platform/platform.ts';
import { createCleanMarks } from './clean-marks.ts';
import { createUnsharedLease, type SessionIDLease } from './session-id-lease.ts';
import { leaseSessionID } from './session-id-pool.ts';
import { createSessionIDRecords } from './session-id-records.ts';

/** Choosing an ID takes milliseconds, but a tab that freezes while it chooses would block all others. */
const choosingMs = 3_000;

/**
 * Returns the session ID for one run of an account in this page. If the device keeps nothing, or cannot tell tabs apart, the
 * ID is new and never reused: always correct, at the cost of one more session in the account.
 */
export async function acquireSessionID(options: {
  readonly platform: Pick<Platform, 'clock' | 'indexedDB' | 'locks' | 'marks'>;
  readonly accountID: string;
  readonly newSessionID: () => SessionID;
  /** False if this run must leave no trace, not even in the names of locks. */
  readonly isKept: boolean;
  /** Whether the device still has what earlier runs wrote. */
  readonly hasContent: Promise<boolean>;
  readonly logger: Logger;
}): Promise<SessionIDLease> {
  const { platform, accountID, newSessionID, isKept, hasContent, logger } = options;
  const { clock, indexedDB, locks, marks } = platform;
  if (!isKept || !indexedDB || !locks || !marks) return createUnsharedLease(newSessionID());
  const release = new AbortController();
  const cancel = clock.after(choosingMs, () => release.abort());
  try {
    return await leaseSessionID({
      locks,
      records: createSessionIDRecords(indexedDB, accountID, clock),
      cleanMarks: createCleanMarks(marks),
      accountID,
      newSessionID,
      hasContent,
      signal: release.signal,
    });
  } catch (error) {
    logger.warn('This run uses a new session ID because the stored ones cannot be read', { error });
    return createUnsharedLease(newSessionID());
  } finally {
    cancel();
  }
}

/** Removes what marks the account's session IDs as reusable. */
export async function removeCleanMarks(
  {
    clock,
    indexedDB,
    marks,
  }: { readonly clock: Clock; readonly indexedDB: IDBFactory; readonly marks: Marks },
  accountID: string,
): Promise<void> {
  const records = await createSessionIDRecords(indexedDB, accountID, clock).all();
  for (const { sessionID } of records) createCleanMarks(marks).remove(sessionID);
}
