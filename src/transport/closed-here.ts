import { createKernelError, type KernelError } from '../platform/kernel-error.ts';

export function closedHere(): KernelError {
  return createKernelError('ABORTED', 'The connection was closed by this device.');
}
