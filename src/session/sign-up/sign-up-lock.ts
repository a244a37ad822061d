import { createKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';
import { holdLockInTime, whileHeld } from '../session-ids/held-lock.ts';

/** Contains no account ID, so even a sign-up that stores nothing may hold it. */
const lockName = 'maia/sign-up';

/** Longer than a user takes for a prompt. A page frozen during one may hold its lock forever. */
const waitMs = 60_000;

/**
 * Runs one sign-up at a time across the origin's tabs, so that two tabs do not create two accounts by accident. Rejects with
 * TIMEOUT if another one does not end, or with ABORTED. Without locks, runs at once.
 */
export async function oneSignUpAtATime<T>(
  platform: Pick<Platform, 'locks' | 'clock'>,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const limits = { waitMs, late: anotherSignsUp, signal };
  const lock = await holdLockInTime(platform, lockName, limits).catch((error: unknown) => {
    throwIfAborted(signal);
    throw error;
  });
  return whileHeld(lock, run);
}

function anotherSignsUp(cause: unknown) {
  return createKernelError(
    'TIMEOUT',
    'Another tab of this app is signing up. Finish there or close that tab, then try again.',
    { cause },
  );
}
