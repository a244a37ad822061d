import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { whereToDelete, type LeftOverPasskey } from './ceremony-errors.ts';

/** The account is unchanged; the passkey exists, but opens nothing. */
export function passkeyNotAdded(leftOver: LeftOverPasskey, cause: unknown): KernelError {
  return createKernelError(
    'PASSKEY_ORPHANED',
    `A passkey was created, but it could not be added to the account, which is unchanged. Try again to add a passkey. ${whereToDelete(leftOver)}`,
    { cause, details: { ...leftOver } },
  );
}

/** Maps a ceremony's error to its meaning while adding a passkey. */
export function addError(error: unknown): unknown {
  if (isKernelError(error, 'PASSKEY_ORPHANED')) return passkeyNotAdded(error.details, error.cause);
  if (!isKernelError(error, 'PASSKEY_ALREADY_HERE')) return error;
  return createKernelError(
    'PASSKEY_ALREADY_HERE',
    'The chosen provider already has a passkey for this account. Choose another provider, such as a phone or a security key, or remove that passkey first.',
    { cause: error.cause },
  );
}

export function lastPasskey(): KernelError {
  return createKernelError(
    'PASSKEY_LAST',
    'This is the account’s last passkey, and its recovery phrase was never revealed, so nothing could open the account on another device. Add another passkey, or write down the recovery phrase, then remove this one.',
  );
}

export function notAPasskey(): KernelError {
  return createKernelError(
    'PASSKEY_REMOVED',
    'The account has no passkey with this ID; it may have been removed. `session.passkeys.list()` returns the current ones.',
  );
}

/** The PRF value differs from the one at creation, a known fault of some engines. */
export function anotherValue(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'This passkey returned a different key than when it was added, so it cannot be trusted. Nothing was changed. Update the browser and check the passkey again; if that does not help, remove the passkey and add another one.',
  );
}
