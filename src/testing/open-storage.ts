import { assert } from '../platform/assert.ts';
import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { silentLogger } from '../platform/logger.ts';
import type { DeviceStorage } from '../storage/device-storage.ts';
import { openKernelStorage } from '../storage/engine/kernel-storage.ts';
import { openDeviceStorage } from '../storage/open-device-storage.ts';

/** The storages that keep something on a device. No session opens our own one yet. */
export type KeptKind = 'kernel' | 'cojson-indexeddb';

/** Opens one as a tab does. */
export function openStorage(kind: KeptKind, accountID: string): Promise<DeviceStorage> {
  const platform = createBrowserPlatform();
  const { indexedDB } = platform;
  const options = { accountID, platform, logger: silentLogger };
  if (kind === 'cojson-indexeddb') return openDeviceStorage({ ...options, kind });
  assert(indexedDB, 'this runs in a browser');
  return openKernelStorage({ ...options, indexedDB });
}
