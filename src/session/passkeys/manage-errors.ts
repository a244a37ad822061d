import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { whereToDelete, type LeftOverPasskey } from './ceremony-errors.ts';

/** The account is as it was; the passkey exists, and opens nothing. */
export function passkeyNotAdded(leftOver: LeftOverPasskey, cause: unknown): KernelError {
  return createKernelError(
    'PASSKEY_ORPHANED',
    `A passkey was made, but it was not added to the account, which is as it was. Add one again. ${whereToDelete(leftOver)}`,
    { cause, details: { ...leftOver } },
  );
}

/** Says of a ceremony's failure what it means while a passkey is added. */
export function addError(error: unknown): unknown {
  if (isKernelError(error, 'PASSKEY_ORPHANED')) return passkeyNotAdded(error.details, error.cause);
  if (!isKernelError(error, 'PASSKEY_ALREADY_HERE')) return error;
  return createKernelError(
    'PASSKEY_ALREADY_HERE',
    'What was chosen to keep the passkey has one of this account already. Choose another keeper, such as a phone or a security key, or remove that passkey first.',
    { cause: error.cause },
  );
}

export function lastPasskey(): KernelError {
  return createKernelError(
    'PASSKEY_LAST',
    'This is the account’s last passkey, and its recovery phrase was never revealed, so nothing could open the account elsewhere any more. Add another passkey, or write the recovery phrase down, then remove this one.',
  );
}

export function notAPasskey(): KernelError {
  return createKernelError(
    'PASSKEY_REMOVED',
    'The account has no passkey with this id, or it was removed from the account. `session.passkeys.list()` says which there are.',
  );
}

/** Its PRF gave another value than when the passkey was made, as engines with a known fault do. */
export function anotherValue(): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    'This passkey gave another key than when it was added, so it cannot be counted on. Nothing was changed. Update the browser and check it again; if it stays so, remove it and add another one.',
  );
}
