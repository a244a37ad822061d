import { isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { unavailable } from '../../storage/unavailable.ts';
import { createKeptCredentials, type KeptCredentials } from './credential-records.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import type { Remember } from '../session.ts';

/**
 * Where a new account will be kept. Undefined where nothing is to be kept, and where the browser keeps nothing, as in
 * some private windows: the account then lives in this tab and at the relay. Rejects with STORAGE_FULL or VAULT_TOO_NEW
 * while there is still time.
 */
export async function deviceToKeepOn(
  platform: SecurePlatform,
  remember: Remember,
  logger: Logger,
): Promise<KeptCredentials | undefined> {
  if (remember === 'never') return undefined;
  try {
    const device = credentialsOn(platform);
    if (!device) throw unavailable(undefined);
    await device.prepare();
    return device;
  } catch (error) {
    if (!isKernelError(error, 'STORAGE_UNAVAILABLE')) throw error;
    logger.warn(error.message, { code: error.code });
    return undefined;
  }
}

export function credentialsOn({ indexedDB }: SecurePlatform): KeptCredentials | undefined {
  return indexedDB && createKeptCredentials(indexedDB);
}

/** Does without what this device cannot give or take, and says so: what it keeps is a help, and never a condition. */
export async function unlessDeviceFails<T>(
  attempt: Promise<T> | undefined,
  logger: Logger,
): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (!isKernelError(error)) throw error;
    logger.warn(error.message, { code: error.code });
    return undefined;
  }
}
