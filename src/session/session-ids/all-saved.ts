import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';

/** Whether every edit of a node is on this device's disk. Counted twice, as only the queue knows of edits after sync was closed. */
export function allSavedOf(sync: SyncPeers, storage: KernelDeviceStorage): () => boolean {
  return () =>
    storage.status.current.state === 'ok' &&
    sync.current.saved.pending === 0 &&
    (storage.queuedContent ?? 0) === 0;
}
