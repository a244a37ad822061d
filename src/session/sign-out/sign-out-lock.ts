import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { holdLock, holdLockInTime, whileHeld, type HeldLock } from '../session-ids/held-lock.ts';

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

/**
 * Waits for a sign-out that another tab has begun, and calls `begin` while none can begin. Rejects with TIMEOUT, or once
 * `signal` aborts.
 */
export async function afterSignOut<T>(
  platform: LockPlatform,
  accountID: string,
  signal: AbortSignal,
  begin: () => T,
): Promise<T> {
  return whileHeld(await take(platform, accountID, signal), () => Promise.resolve(begin()));
}

/**
 * Resolves when a sign-out that another tab has begun is over, also because that tab was closed. No time limit: a tab that
 * accepted edits again would lose them if the other one continued. Without locks, resolves after the longest sign-out.
 */
export async function signOutOver({ clock, locks }: LockPlatform, accountID: string): Promise<void> {
  if (!locks) return new Promise((resolve) => clock.after(waitMs, resolve));
  const lock = await holdLock(locks, nameOf(accountID), {}).catch(() => undefined);
  void lock?.release().catch(() => {}); // A stolen lock is already gone.
}

function take(
  platform: LockPlatform,
  accountID: string,
  signal?: AbortSignal,
): Promise<HeldLock | undefined> {
  return holdLockInTime(platform, nameOf(accountID), { waitMs, late: anotherSignsOut, signal });
}

function nameOf(accountID: string): string {
  return `maia/signing-out/${accountID}`;
}

function anotherSignsOut(cause: unknown): KernelError {
  return createKernelError(
    'TIMEOUT',
    'Another tab of this app began to sign this account out but has not finished; it may be frozen. Close the other tabs, then try again.',
    { cause },
  );
}
