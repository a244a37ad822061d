import { isKernelError } from '@MaiaOS/kernel';
import { type Failure } from '../gate/failure-text.ts';

/** An error that is not a kernel error is a bug: report it to the console, and show the user its message. */
export function failureOf(error: unknown): Failure {
  if (isKernelError(error)) return error;
  reportError(error);
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error), details: {} };
}
