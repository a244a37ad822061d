import { createKernelError, type KernelError } from '../base/kernel-error.ts';

export function invalidCoValueID(id: unknown): KernelError {
  return createKernelError(
    'MESSAGE_INVALID',
    `“${String(id).slice(0, 80)}” is not the ID of a CoValue, so no relay has it. Check the typed text or the link.`,
  );
}

/** Of a load or an edit. */
export function deletedCoValue(id: string): KernelError {
  return createKernelError('CO_VALUE_DELETED', `${id} was deleted. Remove what refers to it.`, {
    details: { id },
  });
}
