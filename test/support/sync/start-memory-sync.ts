import type { LocalNode } from 'cojson';
import { silentLogger } from '../../../src/base/logger.ts';
import { createReadable } from '../../../src/base/readable.ts';
import type { StorageStatus } from '../../../src/storage/device-storage.ts';
import { startSync } from '../../../src/sync/start-sync.ts';
import type { SyncOptions, SyncPeers } from '../../../src/sync/sync-peers.ts';
import { createNodePlatform } from '../platform/node-platform.ts';

/** The sync of a node that stores nothing. */
export function startMemorySync(node: LocalNode, sync: SyncOptions | false): SyncPeers {
  return startSync({
    node,
    sync,
    storage: { status: createReadable<StorageStatus>({ kind: 'memory', state: 'memory-only' }) },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
}
