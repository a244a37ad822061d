import { createKernelError, type KernelError } from '../base/kernel-error.ts';

export function unavailable(cause: unknown): KernelError {
  return createKernelError(
    'STORAGE_UNAVAILABLE',
    'This browser stores nothing for this page, as in some private windows. Edits exist only in this tab until the relay confirms them; use a regular window to keep them.',
    { cause },
  );
}
