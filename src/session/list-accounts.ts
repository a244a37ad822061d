import { createBrowserPlatform } from '../platform/browser-platform.ts';
import type { Platform } from '../platform/platform.ts';
import { isSecure } from './account/secure-platform.ts';
import { unlessRefused } from './device/device-errors.ts';
import { keptOnDevice } from './device/device-to-keep-on.ts';
import type { KnownAccount } from './device/known-accounts.ts';

/** See `listAccounts`. */
export async function accountsHere(platform: Platform): Promise<readonly KnownAccount[]> {
  const device = isSecure(platform) ? keptOnDevice(platform) : undefined;
  return (device && (await unlessRefused(device.accounts()))) ?? [];
}

/**
 * The accounts that this device keeps, the one used last first: those that `resumeSession` opens, and those that take a
 * tap. One that cannot be read, or that a newer version wrote, is among them; its label may be its ID, and the time 0.
 *
 * Rejects with STORAGE_UNAVAILABLE where the browser's database fails, and with VAULT_TOO_NEW where a newer version wrote
 * all of it: an empty list always means that nobody is here.
 */
export function listAccounts(): Promise<readonly KnownAccount[]> {
  return accountsHere(createBrowserPlatform());
}
