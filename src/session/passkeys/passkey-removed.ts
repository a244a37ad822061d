import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

export function passkeyRemoved(): KernelError {
  return createKernelError(
    'PASSKEY_REMOVED',
    'This passkey was removed from its account, so it no longer opens anything. Sign in with another passkey of the account; you can delete this one.',
  );
}
