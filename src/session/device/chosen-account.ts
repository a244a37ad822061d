import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/** The app requested an account that this device does not know. No prompt was opened. */
export function accountUnknownHere(accountID: string): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    'This device does not know the requested account. Request an account that `listAccounts()` returns, or omit `accountID` and let the user choose a passkey.',
    { details: { accountID } },
  );
}

/** Throws ACCOUNT_INVALID if the passkey's account is not the one that the app requested. */
export function requireChosen(accountID: string, chosen: string | undefined): void {
  if (chosen === undefined || chosen === accountID) return;
  throw createKernelError(
    'ACCOUNT_INVALID',
    'This passkey does not belong to the requested account, so nothing was opened. Choose a passkey of that account, or sign in without `accountID`.',
    { details: { accountID: chosen } },
  );
}
