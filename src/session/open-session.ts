import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { silentLogger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { openDeviceStorage } from '../storage/open-device-storage.ts';
import { coverageOfContent, coverageOfState, covers } from '../sync/coverage.ts';
import { startSync } from '../sync/start-sync.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import { activate } from './active-session.ts';
import { createSession } from './create-session.ts';
import type { Content, Genesis } from './genesis.ts';
import { recordPasskey, type PasskeyRecord } from './kernel-map.ts';
import { loadKeyrings } from './load-keyrings.ts';
import type { SessionCrypto } from './session-crypto.ts';
import type { Session, SessionOptions } from './session.ts';

export interface AccountToOpen {
  readonly crypto: SessionCrypto;
  readonly genesis: Genesis;
  /** Passkeys' entries that this device has or just made, owners first. */
  readonly keyrings: readonly Content[];
  /** One that the account may not know yet. */
  readonly passkey?: PasskeyRecord | undefined;
}

/**
 * Opens an account in this page, and makes it the active session. Works offline and on an empty device: what the device
 * has is read, and what it lacks of the account's beginning follows from the seed. The session id is random, and no other
 * run ever has it.
 */
export async function openSession(
  platform: Platform,
  account: AccountToOpen,
  options: SessionOptions,
): Promise<Session> {
  const { crypto, genesis, keyrings, passkey } = account;
  const { accountID, agentSecret, kernelMapID } = genesis;
  const { logger = silentLogger, storage: kind = 'cojson-indexeddb', sync: syncOptions = {} } = options;

  const storage = await openDeviceStorage({ kind, accountID, platform, logger });
  const node = new LocalNode(agentSecret, crypto.newRandomSessionID(accountID), crypto);
  node.setStorage(storage);
  let sync: SyncPeers | undefined;
  try {
    // From here on every edit is followed, the first import included.
    sync = startSync({ node, sync: syncOptions, storage, platform, logger });
    await bringIn(node, genesis.content);
    await bringIn(node, keyrings);
    const kernelMap = node.expectCoValueLoaded(kernelMapID).getCurrentContent() as RawCoMap;
    if (passkey) recordPasskey(kernelMap, passkey);
    const end = loadKeyrings(node, crypto, kernelMap, logger);
    const session = createSession({ node, accountID, storage, sync, end });
    activate(session);
    return session;
  } catch (error) {
    await sync?.close();
    await node.gracefulShutdown();
    throw error;
  }
}

/** Reads what the device has, and imports only what it lacks: what stands there is not written again. */
async function bringIn(node: LocalNode, contents: readonly Content[]): Promise<void> {
  const ids = new Set(contents.map(({ id }) => id));
  await Promise.all([...ids].map((id) => loadFromStorage(node, id)));
  for (const content of contents) {
    const core = node.getCoValue(content.id);
    if (!core.isDeleted && !covers(coverageOfState(core.knownState()), coverageOfContent(content))) {
      node.syncManager.handleNewContent(content, 'import');
    }
  }
}

function loadFromStorage(node: LocalNode, id: RawCoID): Promise<boolean> {
  return new Promise((resolve) => node.getCoValue(id).loadFromStorage(resolve));
}
