import type { WelcomeFrame } from '../../wire/frames.ts';
import type { Payer } from './usage.ts';

/** Undefined if nothing is limited. */
export function describeQuota(payer: Payer | undefined): WelcomeFrame['quota'] {
  const quota = payer?.quota();
  if (!payer || !quota) return undefined;
  const used = payer.used();
  return { ...quota, usedBytes: used.bytes, usedCoValues: used.coValues };
}
