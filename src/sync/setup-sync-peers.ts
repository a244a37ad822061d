import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { silentLogger } from '../base/logger.ts';
import { beginSync, foreignStorageStatus, runningSync } from './begin-sync.ts';
import { comingCode } from './coming-code.ts';
import type { SetupSyncPeersOptions, SyncPeers } from './sync-peers.ts';
import { readRelayTargets } from './relay-targets.ts';

/**
 * Connects a node to its relay. A session's node syncs by itself: there this starts its sync where that was off, returns it
 * where it runs, and throws SYNC_ALREADY_RUNNING where another relay is asked for. Throws SYNC_URL_INVALID.
 */
export function setupSyncPeers({ node, ...sync }: SetupSyncPeersOptions): SyncPeers {
  readRelayTargets(sync); // Asked for by name, so a wrong address is an error here and not a state.
  return (
    runningSync(node, sync) ??
    beginSync({
      node,
      sync,
      storage: { status: foreignStorageStatus(node) },
      platform: createBrowserPlatform(),
      logger: silentLogger,
      code: comingCode,
    })
  );
}
