import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

export function vaultDamaged(what: string, cause?: unknown): KernelError {
  return createKernelError(
    'VAULT_DAMAGED',
    `This device’s record of the account ${what}. It is left unchanged; sign in with your passkey to continue.`,
    cause === undefined ? {} : { cause },
  );
}

export function vaultTooNew(cause?: unknown): KernelError {
  return createKernelError(
    'VAULT_TOO_NEW',
    'A newer version of the app wrote this device’s record of the account. It is left unchanged; reload to get that version.',
    cause === undefined ? {} : { cause },
  );
}
