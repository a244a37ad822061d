import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { holdLockInTime, whileHeld, type HeldLock } from '../session-ids/held-lock.ts';

/** Longer than a sign-out takes, unless almost everything that it waits for is stuck. */
const waitMs = 20_000;

type LockPlatform = Pick<Platform, 'clock' | 'locks'>;

/** Signs an account out while no other tab does, and while none gets past `afterSignOut`. Rejects with TIMEOUT. */
export async function whileSigningOut<T>(
  platform: LockPlatform,
  accountID: string,
  run: () => Promise<T>,
): Promise<T> {
  return whileHeld(await take(platform, accountID), run);
}

/** Waits for a sign-out that another tab has begun. Rejects with TIMEOUT, or once `signal` aborts. */
export async function afterSignOut(
  platform: LockPlatform,
  accountID: string,
  signal: AbortSignal,
): Promise<void> {
  await whileHeld(await take(platform, accountID, signal), () => Promise.resolve());
}

function take(
  platform: LockPlatform,
  accountID: string,
  signal?: AbortSignal,
): Promise<HeldLock | undefined> {
  return holdLockInTime(platform, `maia/signing-out/${accountID}`, { waitMs, late: anotherSignsOut, signal });
}

function anotherSignsOut(cause: unknown): KernelError {
  return createKernelError(
    'TIMEOUT',
    'Another tab of this app has begun to sign this account out and does not finish; it may be frozen. Close the other tabs, then try again.',
    { cause },
  );
}
