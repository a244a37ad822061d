import { createKernelError, type KernelError } from '../base/kernel-error.ts';

export function closedHere(): KernelError {
  return createKernelError('ABORTED', 'This device closed the connection.');
}
