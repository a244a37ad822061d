import { isKernelError } from '../base/kernel-error.ts';
import type { Logger } from '../base/logger.ts';
import type { Platform } from '../platform/platform.ts';
import type { StorageKind } from './device-storage.ts';
import { hasKernelContent } from './kernel/has-kernel-content.ts';
import { kernelStorageModule, stockStorageModule } from './storage-modules.ts';
import type { KernelDeviceStorage } from './kernel-device-storage.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { storageErrorFrom } from './storage-error.ts';
import { unavailable } from './unavailable.ts';

interface StorageToOpen {
  readonly kind: StorageKind;
  readonly accountID: string;
  readonly platform: Platform;
  readonly logger: Logger;
}

/**
 * Opens an account's storage. If the browser denies access, `status` is memory-only with the reason, and the session still
 * works. If the kernel's own engine already has content of the account, that engine is opened even if stock storage was
 * requested, because nothing else can read the content. Rejects with KERNEL_NOT_LOADED.
 */
export async function openDeviceStorage(options: StorageToOpen): Promise<KernelDeviceStorage> {
  const { kind, platform, logger } = options;
  const { indexedDB } = platform;
  if (kind === 'memory') return createMemoryStorage();
  if (!indexedDB) return createMemoryStorage(unavailable(undefined));
  try {
    return await openKept({ ...options, kind, indexedDB });
  } catch (cause) {
    // A device that stores data must not appear to store none.
    if (isKernelError(cause, 'KERNEL_NOT_LOADED')) throw cause;
    const error = storageErrorFrom(cause, 'STORAGE_UNAVAILABLE');
    logger.warn('Nothing can be stored on this device for the account', { code: error.code });
    return createMemoryStorage(error);
  }
}

async function openKept(
  options: StorageToOpen & { readonly kind: Exclude<StorageKind, 'memory'>; readonly indexedDB: IDBFactory },
): Promise<KernelDeviceStorage> {
  const { kind, accountID, indexedDB, platform, logger } = options;
  if (kind === 'kernel') return (await kernelStorageModule.load()).openKernelStorage(options);
  if (await hasKernelContent(indexedDB, accountID)) {
    logger.warn(
      'The requested storage is not used, because the account’s content is in the kernel’s own storage',
    );
    return (await kernelStorageModule.load()).openKernelStorage(options);
  }
  const { openIndexedDBStorage } = await stockStorageModule.load();
  return openIndexedDBStorage({ accountID, indexedDB, platform, logger });
}
