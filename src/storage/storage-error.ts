import {
  createKernelError,
  isKernelError,
  type KernelError,
  type KernelErrorCode,
} from '../base/kernel-error.ts';
import { unavailable } from './unavailable.ts';

/** Names what IndexedDB threw, by the name of its DOMException; the cause is kept. */
export function storageErrorFrom(cause: unknown, otherwise: KernelErrorCode): KernelError {
  if (isKernelError(cause)) return cause;
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : '';
  switch (name) {
    case 'QuotaExceededError':
      return createKernelError(
        'STORAGE_FULL',
        'This device has no room left for the app. Free some space: nothing is dropped, and writing is tried again by itself.',
        { cause },
      );
    case 'VersionError':
      return createKernelError(
        'STORAGE_TOO_NEW',
        'A newer version of the app wrote this device’s database. Reload to get that version; the data stays as it is.',
        { cause },
      );
    case 'InvalidStateError':
      return otherwise === 'STORAGE_UNAVAILABLE' ? unavailable(cause) : closed(cause);
    case 'BlockedError':
      return createKernelError(
        'STORAGE_BLOCKED',
        'Another tab of the app, which may be frozen, holds this device’s database in an older form. Close the other tabs and reload.',
        { cause },
      );
    case 'SecurityError':
      return unavailable(cause);
    default:
      return otherwise === 'STORAGE_UNAVAILABLE' ? unavailable(cause) : writeFailed(cause);
  }
}

export function closed(cause: unknown): KernelError {
  return createKernelError(
    'STORAGE_CLOSED',
    'The browser closed this device’s database. It is opened again by itself; edits wait in this tab meanwhile.',
    { cause },
  );
}

function writeFailed(cause: unknown): KernelError {
  return createKernelError(
    'STORAGE_WRITE_FAILED',
    'Writing to this device failed. Nothing is dropped, and writing is tried again by itself; if it goes on, check the disk.',
    { cause },
  );
}
