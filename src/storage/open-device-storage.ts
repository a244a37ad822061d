import { isKernelError } from '../base/kernel-error.ts';
import type { Logger } from '../base/logger.ts';
import type { Platform } from '../platform/platform.ts';
import type { StorageKind } from './device-storage.ts';
import { holdsContent } from './kernel/has-kernel-content.ts';
import { enginePart, stockPart } from './engine-part.ts';
import type { KernelDeviceStorage } from './kernel-device-storage.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { stockDatabaseName } from './stock-database.ts';
import { storageErrorFrom } from './storage-error.ts';
import { unavailable } from './unavailable.ts';

interface StorageToOpen {
  readonly kind: StorageKind;
  readonly accountID: string;
  readonly platform: Platform;
  readonly logger: Logger;
}

/**
 * Opens what this device keeps for one account. A database that is refused does not fail the session: `status` then says
 * memory-only, and why. Where our own engine has content of the account already, it is opened although stock storage was
 * asked for, as nothing else can read it. Rejects with KERNEL_NOT_LOADED.
 */
export async function openDeviceStorage(options: StorageToOpen): Promise<KernelDeviceStorage> {
  const { kind, platform, logger } = options;
  const { indexedDB } = platform;
  if (kind === 'memory') return createMemoryStorage();
  if (!indexedDB) return createMemoryStorage(unavailable(undefined));
  try {
    return await openKept({ ...options, kind, indexedDB });
  } catch (cause) {
    // A device that keeps everything is not to look like one that keeps nothing.
    if (isKernelError(cause, 'KERNEL_NOT_LOADED')) throw cause;
    const error = storageErrorFrom(cause, 'STORAGE_UNAVAILABLE');
    logger.warn('This device keeps nothing for the account', { code: error.code });
    return createMemoryStorage(error);
  }
}

async function openKept(
  options: StorageToOpen & { readonly kind: Exclude<StorageKind, 'memory'>; readonly indexedDB: IDBFactory },
): Promise<KernelDeviceStorage> {
  const { kind, accountID, indexedDB, platform, logger } = options;
  if (kind === 'kernel') return (await enginePart.load()).openKernelStorage(options);
  if (await holdsContent(indexedDB, accountID)) {
    logger.warn('The account’s content stands in the kernel’s own storage, so that is opened');
    return (await enginePart.load()).openKernelStorage(options);
  }
  const { openIndexedDBStorage } = await stockPart.load();
  return openIndexedDBStorage({ databaseName: stockDatabaseName(accountID), platform, logger });
}
