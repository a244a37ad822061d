import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

export function vaultDamaged(what: string, cause?: unknown): KernelError {
  return createKernelError(
    'VAULT_DAMAGED',
    `What this device keeps of the account ${what}. It is left as it is; sign in with your passkey to go on.`,
    cause === undefined ? {} : { cause },
  );
}

export function vaultTooNew(cause?: unknown): KernelError {
  return createKernelError(
    'VAULT_TOO_NEW',
    'A newer version of the app wrote what this device keeps of the account. It is left as it is; reload to get that version.',
    cause === undefined ? {} : { cause },
  );
}
