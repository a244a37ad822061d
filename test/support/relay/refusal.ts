import { isKernelError } from '../../../src/base/kernel-error.ts';

/** The message with which a setting or a file is refused. */
export async function refusalOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(() => undefined).catch((reason: unknown) => reason);
  if (isKernelError(error, 'RELAY_SETTING_INVALID')) return error.message;
  throw new Error('It was accepted.', { cause: error });
}
