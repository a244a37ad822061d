import { createKernelError, type KernelError } from '../base/kernel-error.ts';

export function closedHere(): KernelError {
  return createKernelError('ABORTED', 'The connection was closed by this device.');
}
