import { createKernelError, type KernelError } from '../base/kernel-error.ts';

export function unavailable(cause: unknown): KernelError {
  return createKernelError(
    'STORAGE_UNAVAILABLE',
    'This browser keeps nothing for this page, as in some private windows. Edits live in this tab only until the relay has confirmed them; use an ordinary window to keep them.',
    { cause },
  );
}
