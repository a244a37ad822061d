import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { unavailable } from '../../storage/unavailable.ts';
import { vaultTooNew } from './vault-errors.ts';

/** Names what IndexedDB threw about `maia-device`. */
export function deviceError(cause: unknown): KernelError {
  switch (cause instanceof DOMException ? cause.name : '') {
    case 'VersionError':
      return vaultTooNew(cause);
    case 'QuotaExceededError':
      return createKernelError(
        'STORAGE_FULL',
        'This device has no room left, so it cannot keep the account. Free some space and try again.',
        { cause },
      );
    case 'SecurityError':
    case 'InvalidStateError':
      return unavailable(cause);
    default:
      return createKernelError(
        'STORAGE_UNAVAILABLE',
        'What this device keeps of accounts cannot be read or written now. Reload the page; if that does not help, restart the browser.',
        { cause },
      );
  }
}

/** The browser lets this page have no database, as in some private windows. Other failures may pass. */
function isRefusal(error: unknown): boolean {
  const names = ['SecurityError', 'InvalidStateError'];
  return (
    isKernelError(error, 'STORAGE_UNAVAILABLE') &&
    error.cause instanceof DOMException &&
    names.includes(error.cause.name)
  );
}

/** A browser that refuses its database has never kept anybody in it; one whose database fails may have. */
export async function unlessRefused<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
