import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { whereToDelete, type LeftOverPasskey, type NextAttempt } from './ceremony-errors.ts';

/** The account is unchanged; the passkey exists, but opens nothing. */
export function passkeyNotAdded(
  { credentialID, label }: LeftOverPasskey,
  cause: unknown,
  next: NextAttempt,
): KernelError {
  const notAdded = 'A passkey was created, but it could not be added to the account, which is unchanged.';
  const message = {
    continues: `${notAdded} Add a passkey again to continue with the passkey “${label}”.`,
    'continues-in-page': `${notAdded} Add a passkey again, before this page is reloaded, to continue with the passkey “${label}”.`,
    replaces: `The passkey “${label}”, which was created for this account earlier, was not used, so it is not added. Add a passkey again: that creates another one, unless this one still exists at its provider.`,
    'starts-over': `${notAdded} Try again to add a passkey. ${whereToDelete({ credentialID, label })}`,
  }[next];
  return createKernelError('PASSKEY_ORPHANED', message, { cause, details: { credentialID, label } });
}

/** Says what PASSKEY_ALREADY_HERE means while adding a passkey. */
export function alreadyAdded(error: unknown): KernelError {
  return createKernelError(
    'PASSKEY_ALREADY_HERE',
    'The chosen provider already has a passkey for this account. Choose another provider, such as a phone or a security key, or remove that passkey first.',
    { cause: error instanceof Error ? error.cause : error },
  );
}

/** The passkey was created for an account that has no record of it. */
export function additionUnfinished({ credentialID, label }: LeftOverPasskey, cause: unknown): KernelError {
  return createKernelError(
    'PASSKEY_ORPHANED',
    `The passkey “${label}” was created, but adding it to its account did not finish, so it opens nothing yet. Open the account in another way, and add a passkey again to continue with this one.`,
    { cause, details: { credentialID, label } },
  );
}

export function lastPasskey(): KernelError {
  return createKernelError(
    'PASSKEY_LAST',
    'This is the account’s last passkey, and the user has not typed the recovery phrase yet. Without this passkey, the account might not open on any other device. Add another passkey, or have the user write the phrase down and type it, then remove this one.',
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
