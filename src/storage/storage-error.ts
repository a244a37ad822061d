import {
  createKernelError,
  isKernelError,
  type KernelError,
  type KernelErrorCode,
} from '../base/kernel-error.ts';
import { unavailable } from './unavailable.ts';

/** Maps an IndexedDB exception by its name; keeps it as the cause. */
export function storageErrorFrom(cause: unknown, otherwise: KernelErrorCode, isReading?: true): KernelError {
  if (isKernelError(cause)) return cause;
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : '';
  switch (name) {
    case 'QuotaExceededError':
      return createKernelError(
        'STORAGE_FULL',
        'This device has no storage space left for the app. Free some space: nothing is lost, and failed writes are retried automatically.',
        { cause },
      );
    case 'VersionError':
      return createKernelError(
        'STORAGE_TOO_NEW',
        'A newer version of the app wrote this device’s database. The data is unchanged. Once the relay has confirmed this tab’s edits, reload.',
        { cause },
      );
    case 'InvalidStateError':
      return otherwise === 'STORAGE_UNAVAILABLE' ? unavailable(cause) : closed(cause);
    case 'BlockedError':
      return createKernelError(
        'STORAGE_BLOCKED',
        'Another tab of the app, which may be frozen, holds an older version of this device’s database open. Close the other tabs. Once the relay has confirmed this tab’s edits, reload.',
        { cause },
      );
    case 'SecurityError':
      return unavailable(cause);
    default:
      return otherwise === 'STORAGE_UNAVAILABLE' ? unavailable(cause) : writeFailed(cause, isReading);
  }
}

export function closed(cause: unknown): KernelError {
  return createKernelError(
    'STORAGE_CLOSED',
    'The browser closed this device’s database. Reopening it automatically; edits wait in this tab until then.',
    { cause },
  );
}

function writeFailed(cause: unknown, isReading?: true): KernelError {
  return createKernelError(
    'STORAGE_WRITE_FAILED',
    `${isReading ? 'Reading from' : 'Writing to'} this device failed. Nothing is lost, and failed reads and writes are retried automatically; check the disk.`,
    { cause, details: { isReading } },
  );
}
