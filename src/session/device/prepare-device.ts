import { isKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { unavailable } from '../../storage/unavailable.ts';
import { createCredentialRecords, type CredentialRecords } from './credential-records.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import type { Remember } from '../session-options.ts';

/** Undefined if a new account must not or cannot be stored here. Rejects early with STORAGE_FULL or VAULT_TOO_NEW. */
export async function prepareDevice(
  platform: SecurePlatform,
  remember: Remember,
  logger: Logger,
): Promise<CredentialRecords | undefined> {
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

export function credentialsOn({ indexedDB }: SecurePlatform): CredentialRecords | undefined {
  return indexedDB && createCredentialRecords(indexedDB);
}

/** Logs a failure of this device and carries on: local records are a convenience, never a requirement. */
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
