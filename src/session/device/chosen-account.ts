import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

/** The app asked for an account that nothing here names. Nothing was asked or opened. */
export function accountUnknownHere(accountID: string): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    'This device does not know the account that was asked for. Ask for one of `listAccounts()`, or leave `accountID` out and let the person choose a passkey.',
    { details: { accountID } },
  );
}

/** Throws ACCOUNT_INVALID where a passkey opened another account than the app asked for. */
export function requireChosen(accountID: string, chosen: string | undefined): void {
  if (chosen === undefined || chosen === accountID) return;
  throw createKernelError(
    'ACCOUNT_INVALID',
    'This passkey belongs to another account than the one that was asked for, so nothing was opened. Choose a passkey of that account, or sign in without naming one.',
    { details: { accountID: chosen } },
  );
}
