import type { KernelError, RefusalCode, RefusalDetails } from '../base/kernel-error.ts';

/** The codes of a `refused` frame. */
export const refusalCodes = [
  'invalid',
  'too-large',
  'limit',
  'unauthorized',
  'expired',
  'forbidden',
  'outdated',
  'fork',
  'clock',
  'quota',
  'storage',
  'draining',
] as const satisfies readonly RefusalCode[];

/** Excludes `unknown`, which no relay sends. */
export function isRefusalCode(value: unknown): value is RefusalCode {
  return refusalCodes.some((code) => code === value);
}

/** Undefined if no refusal caused the error. */
export function refusalOf({ details }: KernelError): RefusalDetails | undefined {
  if (!('refusal' in details)) return undefined;
  const { refusal, reason } = details;
  if (!isRefusalCode(refusal) && refusal !== 'unknown') return undefined;
  return { refusal, reason: typeof reason === 'string' ? reason : '' };
}
