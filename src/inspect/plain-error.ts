import type { KernelError } from '../platform/kernel-error.ts';
import type { PlainError } from './snapshot.ts';

export function plainError(error: KernelError): PlainError {
  return { code: error.code, message: error.message };
}
