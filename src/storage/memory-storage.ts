import { emptyKnownState, type RawCoID } from 'cojson';
import type { KernelError } from '../base/kernel-error.ts';
import { createReadable } from '../base/readable.ts';
import type { DeviceStorage, StorageStatus } from './device-storage.ts';

/** Stores nothing and never calls `done`, so nothing counts as saved. `error` is the reason why nothing can be stored. */
export function createMemoryStorage(error?: KernelError): DeviceStorage {
  const status = createReadable<StorageStatus>({
    kind: 'memory',
    state: 'memory-only',
    ...(error && { error }),
  });
  return {
    status,
    store: () => {},
    load: (_id, _callback, done) => done?.(false),
    loadKnownState: (_id, callback) => callback(undefined),
    getKnownState: (id) => emptyKnownState(id as RawCoID),
    waitForSync: () => Promise.resolve(),
    markDeleteAsValid: () => {},
    enableDeletedCoValuesErasure: () => {},
    eraseAllDeletedCoValues: () => Promise.resolve(),
    trackCoValuesSyncState: (_updates, done) => done?.(),
    getUnsyncedCoValueIDs: (callback) => callback([]),
    stopTrackingSyncState: () => {},
    getCoValueIDs: (_limit, _offset, callback) => callback([]),
    getCoValueCount: (callback) => callback(0),
    tryAcquireStorageReconciliationLock: (_session, _peer, callback) =>
      callback({ acquired: false, reason: 'not_due' }),
    renewStorageReconciliationLock: () => {},
    releaseStorageReconciliationLock: () => {},
    onCoValueUnmounted: () => {},
    close: () => Promise.resolve(),
  };
}
