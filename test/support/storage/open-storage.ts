import { createBrowserPlatform } from '../../../src/platform/browser-platform.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { StorageKind } from '../../../src/storage/device-storage.ts';
import type { KernelDeviceStorage } from '../../../src/storage/kernel-device-storage.ts';
import { openDeviceStorage } from '../../../src/storage/open-device-storage.ts';

/** The persistent storages. */
export type KeptKind = Exclude<StorageKind, 'memory'>;

/** Opens a storage like a tab does. */
export function openStorage(kind: KeptKind, accountID: string): Promise<KernelDeviceStorage> {
  return openDeviceStorage({ kind, accountID, platform: createBrowserPlatform(), logger: silentLogger });
}
