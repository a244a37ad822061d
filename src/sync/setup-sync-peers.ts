import { createBrowserPlatform } from '../platform/browser-platform.ts';
import { silentLogger } from '../base/logger.ts';
import { followForeignStorage } from '../storage/foreign-storage.ts';
import type { KernelDeviceStorage } from '../storage/kernel-device-storage.ts';
import { beginSync, runningSync } from './begin-sync.ts';
import type { SetupSyncPeersOptions, SyncPeers } from './sync-peers.ts';
import { readRelayTargets } from './relay-targets.ts';

/**
 * Connects a node to its relay. For a session's node, this returns its running sync, or connects it if it was off; it throws
 * SYNC_ALREADY_RUNNING if another relay is requested. Throws SYNC_URL_INVALID.
 */
export function setupSyncPeers({ node, ...sync }: SetupSyncPeersOptions): SyncPeers {
  readRelayTargets(sync); // The caller asked for this address, so an invalid one throws and does not become a state.
  const running = runningSync(node, sync);
  if (running) return running;
  const platform = createBrowserPlatform();
  // A session whose sync was closed keeps its ledger.
  const { ledger } = (node.storage ?? {}) as Partial<KernelDeviceStorage>;
  return beginSync({
    node,
    sync,
    storage: { status: followForeignStorage(node, platform.clock), ...(ledger && { ledger }) },
    platform,
    logger: silentLogger,
  });
}
