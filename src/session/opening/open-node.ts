import type { LocalNode } from 'cojson';
import { silentLogger, type Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import { noRelayMemory } from '../../storage/no-relay-memory.ts';
import { createRelayMemory, type RelayMemory } from '../../storage/relay-memory.ts';
import { loadStorage } from '../../storage/engine-part.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { AccountToOpen } from '../account-to-open.ts';
import { createSessionNode } from '../account/session-node.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import { heldSessionIDs } from '../session-ids/held-session-ids.ts';
import { keepSessionsWhole } from '../session-ids/keep-sessions-whole.ts';
import { openWithSessionID } from '../session-ids/open-with-session-id.ts';
import type { SessionIDLease } from '../session-ids/session-id-lease.ts';
import type { SessionOptions } from '../session.ts';
import { createRemovals } from '../sign-out/removals.ts';

/** A node with its storage, its session id and its sync, and nothing in it yet. */
export interface OpenNode {
  readonly node: LocalNode;
  readonly storage: DeviceStorage;
  readonly lease: SessionIDLease;
  readonly sync: SyncPeers;
  /** Lets further edits go under a session of their own. */
  readonly retire: () => void;
  /** Ends all of it, for a session that does not come to be. */
  abandon(): Promise<void>;
}

export async function openNode(
  platform: Platform,
  { crypto, genesis }: Pick<AccountToOpen, 'crypto' | 'genesis'>,
  options: SessionOptions,
): Promise<OpenNode> {
  const { accountID, agentSecret } = genesis;
  const { logger = silentLogger, remember, storage: given = 'kernel' } = options;
  const isKept = remember !== 'never';
  const kind = isKept ? given : 'memory';
  // What a sign-out left to delete is not to be found here again.
  if (isKept) await unlessDeviceFails(createRemovals(platform, accountID).finish(), logger);
  const newSessionID = () => crypto.newRandomSessionID(accountID);
  await loadStorage(kind);
  const { storage, lease } = await openWithSessionID({ kind, accountID, newSessionID, platform, logger });
  const node = createSessionNode(crypto, agentSecret, lease.sessionID);
  node.setStorage(storage);
  const spareID = lease.isReused ? newSessionID() : undefined;
  const whole = spareID && keepSessionsWhole(node, storage, spareID);
  let sync: SyncPeers | undefined;

  async function abandon(): Promise<void> {
    await sync?.close();
    await node.gracefulShutdown();
    lease.letGo(false);
  }

  try {
    // From here on every edit is followed, the first import included.
    const memory = isKept ? relayMemoryOf(platform, accountID, logger) : noRelayMemory;
    sync = startSync({
      ...{ node, sync: options.sync ?? {}, storage, platform, logger, memory },
      // What is kept nowhere leaves no name behind, either: each tab is by itself.
      ...(isKept && {
        tabs: {
          ...{ name: `maia/edits/${accountID}`, platform },
          sessionIDs: [lease.sessionID, ...(spareID ? [spareID] : [])],
          heldSessionIDs: () => heldSessionIDs(platform.locks, accountID),
        },
      }),
    });
  } catch (error) {
    await abandon();
    throw error;
  }
  return { node, storage, lease, sync, retire: () => whole?.retire(), abandon };
}

function relayMemoryOf({ indexedDB }: Platform, accountID: string, logger: Logger): RelayMemory {
  return indexedDB ? createRelayMemory(indexedDB, accountID, { logger }) : noRelayMemory;
}
