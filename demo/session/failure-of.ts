import { isKernelError } from '@MaiaOS/kernel';
import { type Failure } from '../gate/failure-text.ts';

/** What is no kernel error is a bug: the person is told that it did not work, the developer's console gets it whole. */
export function failureOf(error: unknown): Failure {
  if (isKernelError(error)) return error;
  reportError(error);
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error), details: {} };
}
