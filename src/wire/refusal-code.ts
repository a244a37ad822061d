import type { KernelError } from '../base/kernel-error.ts';

/** Why a relay refused, as in its `refused` frame. A reader treats an unknown code as `forbidden`. */
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
  'storage',
  'draining',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** The `details` of an error that a refusal caused. */
export interface RefusalDetails {
  readonly refusal: RefusalCode;
  /** In the relay's words. */
  readonly reason: string;
  /** The CoValue that was refused. */
  readonly id?: string;
}

export function isRefusalCode(value: unknown): value is RefusalCode {
  return refusalCodes.some((code) => code === value);
}

/** Undefined if no refusal caused the error. */
export function refusalCodeOf({ details }: KernelError): RefusalCode | undefined {
  return 'refusal' in details && isRefusalCode(details.refusal) ? details.refusal : undefined;
}
