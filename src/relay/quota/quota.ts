import { createKernelError } from '../../base/kernel-error.ts';
import type { RelayQuota } from '../config/relay-options.ts';
import { sumOf, type Amount } from '../storage/stored-amount.ts';

/** How much one principal may store in one namespace. An absent amount is not limited. */
export type Quota = RelayQuota;

export const maxQuota = Number.MAX_SAFE_INTEGER;

export function isQuota(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Undefined if nothing is limited. Throws RELAY_SETTING_INVALID. */
export function readQuota({ bytes, coValues }: Quota, hasSignIn: boolean): Quota | undefined {
  for (const [name, value] of Object.entries({ bytes, coValues }))
    if (value !== undefined && !isQuota(value))
      throw invalid(
        `The relay's setting quota.${name} is ${String(value)}; expected an integer from 0 to ${maxQuota}.`,
      );
  if (bytes === undefined && coValues === undefined) return undefined;
  if (!hasSignIn)
    throw invalid(
      'Quotas (QUOTA_BYTES, QUOTA_COVALUES) need clients that sign in: anyone else could come back as a new user. Set JWKS_URL or SYNC_MAIA_ACCOUNT_AUTH, or leave the quotas out.',
    );
  return quotaOf(bytes, coValues);
}

/** Without the fields that are undefined. */
export function quotaOf(bytes: number | undefined, coValues: number | undefined): Quota {
  return { ...(bytes !== undefined && { bytes }), ...(coValues !== undefined && { coValues }) };
}

/** Whether there is room for more. More of what it does not add is no hindrance. */
export function hasRoom(quota: Quota, used: Amount, more: Amount): boolean {
  const { bytes, coValues } = sumOf(used, more);
  return (
    (more.bytes === 0 || bytes <= (quota.bytes ?? Infinity)) &&
    (more.coValues === 0 || coValues <= (quota.coValues ?? Infinity))
  );
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
