import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { silentLogger } from '../base/logger.ts';
import type { StorageKind } from '../storage/device-storage.ts';
import type { KernelDeviceStorage } from '../storage/kernel-device-storage.ts';
import { openDeviceStorage } from '../storage/open-device-storage.ts';

/** The storages that keep something on a device. */
export type KeptKind = Exclude<StorageKind, 'memory'>;

/** Opens one as a tab does. */
export function openStorage(kind: KeptKind, accountID: string): Promise<KernelDeviceStorage> {
  return openDeviceStorage({ kind, accountID, platform: createBrowserPlatform(), logger: silentLogger });
}
