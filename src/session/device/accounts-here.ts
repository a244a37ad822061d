import type { Platform } from '../../platform/platform.ts';
import { isSecure } from '../account/secure-platform.ts';
import { unlessRefused } from './device-errors.ts';
import { keptOnDevice } from './device-accounts.ts';
import type { KnownAccount } from './known-accounts.ts';

/** See `listAccounts`. */
export async function accountsHere(platform: Platform): Promise<readonly KnownAccount[]> {
  const device = isSecure(platform) ? keptOnDevice(platform) : undefined;
  return (device && (await unlessRefused(device.accounts()))) ?? [];
}
