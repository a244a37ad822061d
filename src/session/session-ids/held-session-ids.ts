import type { Locks } from '../../platform/platform.ts';
import { sessionLockPrefix } from './session-id-lease.ts';

/** The session IDs of an account that tabs hold now. Undefined if the browser has no locks or cannot list them. */
export async function heldSessionIDs(
  locks: Locks | undefined,
  accountID: string,
): Promise<readonly string[] | undefined> {
  try {
    const snapshot = await locks?.query?.();
    return snapshot?.held?.flatMap(({ name = '' }) =>
      name.startsWith(`${sessionLockPrefix}${accountID}_session_`)
        ? name.slice(sessionLockPrefix.length)
        : [],
    );
  } catch {
    return undefined;
  }
}
