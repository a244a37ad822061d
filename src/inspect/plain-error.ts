import type { KernelError } from '../base/kernel-error.ts';
import type { PlainError } from './snapshot.ts';

export function plainError(error: KernelError): PlainError {
  const isMade = Reflect.get(error.details, 'byFaultPlan') === true;
  return { code: error.code, message: error.message, ...(isMade && { byFaultPlan: true }) };
}
