import { createKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { throwIfAborted } from '../passkeys/ceremony-errors.ts';

/** Names nobody, so that it may be held also where nothing is to be kept. */
const lockName = 'maia/sign-up';

/** Longer than a person takes for a prompt. A page that was frozen in the middle of one may hold its lock for ever. */
const waitMs = 60_000;

/**
 * Runs a sign-up when no other one runs in any tab of the origin, so that two never make two accounts by accident. Rejects
 * with TIMEOUT where another one does not end, and with ABORTED. A browser without locks runs it at once.
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
    return run(); // A document that may have no locks, such as a sandboxed one.
  } finally {
    stopWaiting();
  }
}

function anotherSignsUp(cause: unknown) {
  return createKernelError(
    'TIMEOUT',
    'Another tab of this app is in the middle of signing up. Finish it there, or close that tab, and try again.',
    { cause },
  );
}
