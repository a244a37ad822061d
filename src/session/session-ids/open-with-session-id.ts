import type { RawAccountID, RawCoID, SessionID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { DeviceStorage, StorageKind } from '../../storage/device-storage.ts';
import { openDeviceStorage } from '../../storage/open-device-storage.ts';
import { inTime } from '../sign-out/unsynced-edits.ts';
import { acquireSessionID } from './acquire-session-id.ts';
import type { SessionIDLease } from './session-id-lease.ts';

/** Another page that holds the database keeps reads waiting, and a new session ID is always correct. */
const readMs = 5_000;

/** Opens the account's storage on this device and chooses a session ID at the same time. */
export async function openWithSessionID(options: {
  readonly kind: StorageKind;
  readonly accountID: RawAccountID;
  readonly newSessionID: () => SessionID;
  readonly platform: Platform;
  readonly logger: Logger;
}): Promise<{ readonly storage: DeviceStorage; readonly lease: SessionIDLease }> {
  const { kind, accountID, platform } = options;
  const opening = openDeviceStorage(options);
  // Every session saves the account itself, so if it is missing, the device has lost what earlier runs wrote.
  const hasContent = opening.then(
    async (storage) => (await inTime(platform.clock, has(storage, accountID), readMs)) === true,
  );
  hasContent.catch(() => {}); // Not every choice of an ID reads it, and `opening` rejects, too.
  const lease = await acquireSessionID({
    ...options,
    isKept: kind !== 'memory',
    hasContent,
  });
  return { storage: await opening, lease };
}

function has(storage: DeviceStorage, id: RawCoID): Promise<boolean> {
  return new Promise((resolve) => storage.loadKnownState(id, (state) => resolve(state !== undefined)));
}
