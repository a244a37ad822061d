import type { KernelError } from '../../base/kernel-error.ts';
import type { PlainError } from '../snapshot/plain-error.ts';

export function toPlainError(error: KernelError): PlainError {
  const byFaultPlan = Reflect.get(error.details, 'byFaultPlan') === true;
  return { code: error.code, message: error.message, ...(byFaultPlan && { byFaultPlan }) };
}
