import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';

/** Whether every edit is on this device's disk. Only the write queue knows of edits made after sync was closed. */
export function allSavedOf(sync: SyncPeers, storage: KernelDeviceStorage): () => boolean {
  return () =>
    storage.status.current.state === 'ok' &&
    sync.current.saved.pending === 0 &&
    (storage.queuedContent ?? 0) === 0;
}
