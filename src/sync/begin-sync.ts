import type { LocalNode } from 'cojson';
import type { Logger } from '../base/logger.ts';
import { isEqual } from '../base/equal.ts';
import { createKernelError, isKernelError } from '../base/kernel-error.ts';
import type { Platform } from '../platform/platform.ts';
import { createReadable, type Readable } from '../base/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { KernelDeviceStorage } from '../storage/kernel-device-storage.ts';
import type { AccountKeys } from './auth/account-proof.ts';
import { createNodeSync, type NodeSync } from './node-sync.ts';
import type { SyncOptions, SyncPeers } from './sync-peers.ts';
import { noRelayMemory, type RelayMemory } from '../storage/remembered-relay.ts';
import { createTransports } from '../transport/ordinary-transports.ts';
import { authMethods, readRelayTargets, type RelayTargets } from './relay-targets.ts';
import type { CreateTabs } from './tabs/tabs.ts';

export { accountOf, signProof, type AccountKeys } from './auth/account-proof.ts';

export type SyncPlatform = Pick<
  Platform,
  'clock' | 'nextTask' | 'page' | 'random' | 'openWebSocket' | 'fetch'
>;

/** One per node, so that a node never has two peers for one relay. */
const syncByNode = new WeakMap<LocalNode, NodeSync>();
/** A closed sync still counts the edits of its node. */
const closedByNode = new WeakMap<LocalNode, NodeSync>();

export interface SyncToBegin {
  readonly node: LocalNode;
  readonly sync: SyncOptions | false;
  readonly storage: Pick<KernelDeviceStorage, 'status' | 'ledger' | 'useNode'>;
  readonly platform: SyncPlatform;
  readonly logger: Logger;
  /** Default: nothing about relays is remembered beyond this run. */
  readonly memory?: RelayMemory;
  /** Default: the node shares its database with no other tab. */
  readonly createTabs?: CreateTabs | undefined;
  /** Also takes what a relay has in places that it was not signed for. Default: drops it. */
  readonly takesReplays?: boolean;
  /** The account that signs in at relays, for a node that acts only as its agent. Default: the account that the node acts for. */
  readonly account?: AccountKeys;
}

/**
 * Tracks edits from here on, so call it after `setStorage` and before the first edit. `sync: false` uses no relay.
 * An invalid relay address fails the sync, not the node: the state then has SYNC_URL_INVALID.
 */
export function beginSync(options: SyncToBegin): SyncPeers {
  const {
    node,
    sync,
    storage,
    platform,
    logger,
    memory = noRelayMemory,
    createTabs,
    takesReplays = false,
    account,
  } = options;
  closedByNode.get(node)?.replaced();
  const nodeSync = createNodeSync({
    node,
    storage,
    transports: createTransports(platform),
    platform,
    logger,
    memory,
    createTabs,
    takesReplays,
    account,
    onClosed() {
      syncByNode.delete(node);
      closedByNode.set(node, nodeSync);
    },
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

/** The sync that the node already has, connected now if it was off. Throws SYNC_ALREADY_RUNNING if it has other relays. */
export function runningSync(node: LocalNode, sync: SyncOptions): SyncPeers | undefined {
  const nodeSync = syncByNode.get(node);
  if (!nodeSync) return undefined;
  const asked = readRelayTargets(sync);
  const running = nodeSync.targets;
  if (running === undefined) nodeSync.connect(asked, sync);
  else if (!isEqual(running, asked)) {
    throw createKernelError(
      'SYNC_ALREADY_RUNNING',
      `This node already syncs with ${running.flat().join(', ')}, but ${asked.flat().join(', ')} was requested. Close that sync first, or request the same relay.`,
      { details: { running: running.flat(), asked: asked.flat() } },
    );
  } else if (nodeSync.options && !isEqual(authMethods(nodeSync.options), authMethods(sync))) {
    throw createKernelError(
      'SYNC_ALREADY_RUNNING',
      `This node already syncs with ${running.flat().join(', ')}, but another \`auth\` was requested. Close that sync first, or pass the same \`auth\`.`,
      { details: { running: running.flat(), asked: asked.flat() } },
    );
  }
  return nodeSync.peers;
}

/** The status of a storage that the kernel did not create. */
export function foreignStorageStatus(node: LocalNode): Readable<StorageStatus> {
  return createReadable<StorageStatus>(
    node.storage ? { kind: 'custom', state: 'ok' } : { kind: 'memory', state: 'memory-only' },
  );
}
