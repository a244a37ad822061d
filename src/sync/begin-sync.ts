import type { LocalNode } from 'cojson';
import type { Logger } from '../base/logger.ts';
import { isEqual } from '../base/equal.ts';
import { createKernelError, isKernelError } from '../base/kernel-error.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable, type Readable } from '../base/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import { createNodeSync, type NodeSync } from './node-sync.ts';
import type { SyncCode } from './sync-code.ts';
import type { SyncOptions, SyncPeers } from './sync-peers.ts';
import { noRelayMemory } from '../storage/no-relay-memory.ts';
import type { RelayMemory } from '../storage/relay-memory.ts';
import { readRelayTargets, type RelayTargets } from './relay-targets.ts';

/** What sync needs of where it runs. */
export type SyncPlatform = Pick<
  Platform,
  'clock' | 'nextTask' | 'page' | 'random' | 'openWebSocket' | 'fetch'
>;

/** One for each node, so that a node never has two peers for one relay. */
const syncByNode = new WeakMap<LocalNode, NodeSync>();

export interface SyncToBegin {
  readonly node: LocalNode;
  readonly sync: SyncOptions | false;
  readonly storage: { readonly status: Readable<StorageStatus> };
  readonly platform: SyncPlatform;
  readonly logger: Logger;
  /** Default: nothing is remembered of relays beyond this run. */
  readonly memory?: RelayMemory;
}

/**
 * Begins a node's sync: its edits are followed from here on, so this comes after `setStorage` and before the first of
 * them. `sync: false` follows them without a relay. A relay's address that cannot be read fails the sync and not the node:
 * the state then says SYNC_URL_INVALID.
 */
export function beginSync(options: SyncToBegin & { readonly code: SyncCode }): SyncPeers {
  const { node, sync, storage, platform, logger, memory = noRelayMemory, code } = options;
  const nodeSync = createNodeSync({
    node,
    storage,
    transports: code.createTransports(platform),
    platform,
    logger,
    memory,
    code,
    onClosed: () => syncByNode.delete(node),
  });
  syncByNode.set(node, nodeSync);
  if (sync !== false) connectOrFail(nodeSync, sync);
  return nodeSync.peers;
}

function connectOrFail(nodeSync: NodeSync, sync: SyncOptions): void {
  let targets: RelayTargets;
  try {
    targets = readRelayTargets(sync);
  } catch (error) {
    if (!isKernelError(error, 'SYNC_URL_INVALID')) throw error;
    return nodeSync.fail(error);
  }
  nodeSync.connect(targets, sync);
}

/** The sync of a node that has one: running already, or begun here where it was off. */
export function runningSync(node: LocalNode, sync: SyncOptions): SyncPeers | undefined {
  const nodeSync = syncByNode.get(node);
  if (!nodeSync) return undefined;
  const asked = readRelayTargets(sync);
  const running = nodeSync.targets;
  if (running === undefined) nodeSync.connect(asked, sync);
  else if (!isEqual(running, asked)) {
    throw createKernelError(
      'SYNC_ALREADY_RUNNING',
      `This node syncs with ${running.flat().join(', ')} already, and ${asked.flat().join(', ')} was asked for. Close that sync first, or ask for the same relay.`,
      { details: { running: running.flat(), asked: asked.flat() } },
    );
  }
  return nodeSync.peers;
}

/** What is known of a storage that is not ours. */
export function foreignStorageStatus(node: LocalNode): Readable<StorageStatus> {
  return createReadable<StorageStatus>(
    node.storage ? { kind: 'custom', state: 'ok' } : { kind: 'memory', state: 'memory-only' },
  );
}
