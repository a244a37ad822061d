import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { unavailable } from '../../storage/unavailable.ts';
import { vaultTooNew } from './vault-errors.ts';

/** Maps an IndexedDB error from `maia-device` to a KernelError. */
export function deviceError(cause: unknown): KernelError {
  switch (cause instanceof DOMException ? cause.name : '') {
    case 'VersionError':
      return vaultTooNew(cause);
    case 'QuotaExceededError':
      return createKernelError(
        'STORAGE_FULL',
        'This device has no space left, so it cannot keep the account. Free some space and try again.',
        { cause },
      );
    case 'SecurityError':
    case 'InvalidStateError':
      return unavailable(cause);
    case 'BlockedError':
      return databaseBlocked(cause);
    default:
      return createKernelError(
        'STORAGE_UNAVAILABLE',
        'This device’s record of accounts cannot be read or written at the moment. Reload the page; if that does not help, restart the browser.',
        { cause },
      );
  }
}

export function databaseBlocked(cause?: unknown): KernelError {
  return createKernelError(
    'STORAGE_BLOCKED',
    'Another tab of the app, which may be frozen, is holding a database of this device open and does not respond. Close the app’s other tabs, then try again.',
    cause === undefined ? {} : { cause },
  );
}

/** True if the browser denies the page any database, as some private windows do. Other errors may be temporary. */
function isRefusal(error: unknown): boolean {
  const names = ['SecurityError', 'InvalidStateError'];
  return (
    isKernelError(error, 'STORAGE_UNAVAILABLE') &&
    error.cause instanceof DOMException &&
    names.includes(error.cause.name)
  );
}

/** A browser that denies its database never stored an account in it; one whose database fails may have. */
export async function unlessRefused<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
