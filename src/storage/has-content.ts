import type { Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { contentDatabaseName } from './content-database.ts';
import { openDatabase } from './indexed-db.ts';
import { openDeviceStorage } from './open-device-storage.ts';

/** Whether this device keeps anything of an account's own CoValue. Leaves no trace of an account that it does not know. */
export async function hasContent(options: {
  readonly accountID: string;
  readonly platform: Platform;
  readonly logger: Logger;
}): Promise<boolean> {
  const { accountID, platform } = options;
  if (!platform.indexedDB || !(await isThere(platform.indexedDB, contentDatabaseName(accountID))))
    return false;
  const storage = await openDeviceStorage({ kind: 'cojson-indexeddb', ...options });
  try {
    return await new Promise((resolve) => {
      storage.loadKnownState(accountID, (known) => resolve(known?.header === true));
    });
  } finally {
    await storage.close();
  }
}

/** A browser that refuses has kept nothing. */
async function isThere(indexedDB: IDBFactory, name: string): Promise<boolean> {
  try {
    const db = await openDatabase(indexedDB, { name });
    db?.close();
    return db !== undefined;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}
