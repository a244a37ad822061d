import type { StorageAPI } from 'cojson';

/** A relay has no upstream server to which its node would upload, or with which it would compare the storage. */
export const noUpstream: Pick<
  StorageAPI,
  | 'trackCoValuesSyncState'
  | 'getUnsyncedCoValueIDs'
  | 'stopTrackingSyncState'
  | 'tryAcquireStorageReconciliationLock'
  | 'renewStorageReconciliationLock'
  | 'releaseStorageReconciliationLock'
> = {
  trackCoValuesSyncState: (_updates, done) => done?.(),
  getUnsyncedCoValueIDs: (callback) => callback([]),
  stopTrackingSyncState() {},
  tryAcquireStorageReconciliationLock: (_session, _peer, callback) =>
    callback({ acquired: false, reason: 'not_due' }),
  renewStorageReconciliationLock() {},
  releaseStorageReconciliationLock() {},
};
