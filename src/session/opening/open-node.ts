import type { LocalNode } from 'cojson';
import { silentLogger, type Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { accountDatabase, hasDatabase } from '../../storage/account-database.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import { createRelayMemory } from '../../storage/relay-memory.ts';
import { noRelayMemory, unreadRelayMemory, type RelayMemory } from '../../storage/remembered-relay.ts';
import { loadStorage } from '../../storage/storage-modules.ts';
import { followSync } from '../../sync/inspection.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { AccountToOpen } from './account-to-open.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import { heldSessionIDs } from '../session-ids/held-session-ids.ts';
import { createSpareSession } from '../../engine/spare-session.ts';
import { openWithSessionID } from '../session-ids/open-with-session-id.ts';
import type { SessionIDLease } from '../session-ids/session-id-lease.ts';
import type { SessionOptions } from '../session-options.ts';
import { createRemovals } from '../sign-out/removals.ts';
import { genesisTimeMs } from '../account/version-1.ts';

export interface OpenNode {
  readonly node: LocalNode;
  readonly storage: DeviceStorage;
  readonly lease: SessionIDLease;
  readonly sync: SyncPeers;
  readonly memory: RelayMemory;
  /** Moves further edits to a new session ID. */
  readonly retire: () => void;
  /** Closes everything because the session failed to open. Never rejects, so that the caller rejects with why it failed. */
  abandon(): Promise<void>;
}

export async function openNode(
  platform: Platform,
  { crypto, genesis }: Pick<AccountToOpen, 'crypto' | 'genesis'>,
  options: SessionOptions,
): Promise<OpenNode> {
  const { accountID, agentSecret } = genesis;
  const { logger = silentLogger, remember, storage: requestedKind = 'kernel' } = options;
  const isKept = remember !== 'never';
  const kind = isKept ? requestedKind : 'memory';
  // Finish deletions of an earlier sign-out before opening storage.
  if (isKept) await unlessDeviceFails(createRemovals(platform, accountID).finishToOpen(), logger);
  const newSessionID = () => crypto.newRandomSessionID(accountID);
  await loadStorage(kind);
  const { storage, lease } = await openWithSessionID({ kind, accountID, newSessionID, platform, logger });
  const memory = await relayMemoryOf(platform, storage, accountID, logger);
  const node = createSessionNode({ crypto, agentSecret, sessionID: lease.sessionID, genesisTimeMs });
  node.setStorage(storage);
  const spareID = lease.isReused ? newSessionID() : undefined;
  const isReliable = () => storage.status.current.state === 'ok';
  const spare = spareID && createSpareSession({ node, spareID, isReliable });
  let sync: SyncPeers | undefined;

  async function abandon(): Promise<void> {
    await sync?.close().catch(() => {});
    await node.gracefulShutdown().catch(() => {});
    lease.release(false);
  }

  try {
    // Sync follows every edit from here on, including the first import.
    sync = startSync({
      node,
      sync: options.sync ?? {},
      storage,
      platform,
      logger,
      memory,
      // Without storage, the account is not announced to other tabs.
      ...(isKept && {
        tabs: {
          name: `maia/edits/${accountID}`,
          platform,
          sessionIDs: [lease.sessionID, ...(spareID ? [spareID] : [])],
          heldSessionIDs: () => heldSessionIDs(platform.locks, accountID),
        },
      }),
    });
  } catch (error) {
    await abandon();
    throw error;
  }
  return {
    node,
    storage,
    lease,
    sync: followSync(node, sync),
    memory,
    retire: () => spare?.retire(),
    abandon,
  };
}

/** Nothing counts as confirmed until the relays' records have been read, which never succeeds if the browser refuses the database. */
async function relayMemoryOf(
  { indexedDB }: Platform,
  storage: DeviceStorage,
  accountID: string,
  logger: Logger,
): Promise<RelayMemory> {
  if (!indexedDB) return noRelayMemory;
  const { state, error } = storage.status.current;
  if (state !== 'memory-only') return createRelayMemory(indexedDB, accountID, { logger });
  // An earlier run may have left unsent edits in a database that cannot be opened now.
  const isUnread = error !== undefined && (await hasDatabase(indexedDB, accountDatabase(accountID).name));
  return isUnread ? unreadRelayMemory : noRelayMemory;
}
