import type { Platform } from '../../platform/platform.ts';
import { isSecure } from '../account/secure-platform.ts';
import { unlessRefused } from './device-errors.ts';
import { deviceAccounts } from './device-accounts.ts';
import type { KnownAccount } from './known-accounts.ts';

export async function accountsHere(platform: Platform): Promise<readonly KnownAccount[]> {
  const device = isSecure(platform) ? deviceAccounts(platform) : undefined;
  return (device && (await unlessRefused(device.accounts()))) ?? [];
}
