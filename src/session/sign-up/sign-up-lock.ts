import { createKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';

/** Contains no account ID, so even a sign-up that stores nothing may hold it. */
const lockName = 'maia/sign-up';

/** Longer than a user takes for a prompt. A page frozen during one may hold its lock forever. */
const waitMs = 60_000;

/**
 * Runs one sign-up at a time across the origin's tabs, so that two tabs do not create two accounts by accident. Rejects with
 * TIMEOUT if another one does not end, or with ABORTED. Without locks, runs at once.
 */
export async function oneSignUpAtATime<T>(
  { locks, clock }: Pick<Platform, 'locks' | 'clock'>,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  if (!locks) return run();
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  const cancelTimer = clock.after(waitMs, stop);
  signal?.addEventListener('abort', stop);
  const stopWaiting = () => {
    cancelTimer();
    signal?.removeEventListener('abort', stop);
  };
  let hasBegun = false;
  try {
    return await locks.request(lockName, { signal: waiting.signal }, () => {
      hasBegun = true;
      stopWaiting();
      return run();
    });
  } catch (error) {
    if (hasBegun) throw error;
    throwIfAborted(signal);
    if (waiting.signal.aborted) throw anotherSignsUp(error);
    return run(); // Some documents may not use locks, such as sandboxed ones.
  } finally {
    stopWaiting();
  }
}

function anotherSignsUp(cause: unknown) {
  return createKernelError(
    'TIMEOUT',
    'Another tab of this app is signing up. Finish there or close that tab, then try again.',
    { cause },
  );
}
