import type { Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { contentDatabaseName } from './content-database.ts';
import type { DeviceStorage } from './device-storage.ts';
import { openIndexedDBStorage } from './indexeddb-storage.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { storageErrorFrom, unavailable } from './storage-error.ts';

/** Opens what this device keeps for one account. A database that is refused does not fail the session: `status` then says memory-only, and why. */
export async function openDeviceStorage(options: {
  readonly kind: 'cojson-indexeddb' | 'memory';
  readonly accountID: string;
  readonly platform: Platform;
  readonly logger: Logger;
}): Promise<DeviceStorage> {
  const { kind, accountID, platform, logger } = options;
  if (kind === 'memory') return createMemoryStorage();
  if (!platform.indexedDB) return createMemoryStorage(unavailable(undefined));
  try {
    return await openIndexedDBStorage({ databaseName: contentDatabaseName(accountID), platform, logger });
  } catch (cause) {
    const error = storageErrorFrom(cause, 'STORAGE_UNAVAILABLE');
    logger.warn('This device keeps nothing for the account', { code: error.code });
    return createMemoryStorage(error);
  }
}
