import { silentLogger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { foreignStorageStatus, runningSync, startSync } from './start-sync.ts';
import type { SetupSyncPeersOptions, SyncPeers } from './sync-peers.ts';

/**
 * Connects a node to its relay. A session's node syncs by itself: there this starts its sync where that was off, returns it
 * where it runs, and throws SYNC_ALREADY_RUNNING where another relay is asked for. Throws SYNC_URL_INVALID.
 */
export function createSetupSyncPeers(platform: () => Platform) {
  return function setupSyncPeers({ node, ...sync }: SetupSyncPeersOptions): SyncPeers {
    return (
      runningSync(node, sync) ??
      startSync({
        node,
        sync,
        storage: { status: foreignStorageStatus(node) },
        platform: platform(),
        logger: silentLogger,
      })
    );
  };
}
