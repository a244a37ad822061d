import { silentLogger, type Logger } from '../../platform/logger.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { activate } from '../active-session.ts';
import { holdSeed } from '../account/seed-holder.ts';
import { createSessionCrypto } from '../account/session-crypto.ts';
import { createSessionNode } from '../account/session-node.ts';
import { createSession } from '../create-session.ts';
import { withoutPasskeys } from '../passkeys/without-passkeys.ts';
import { seedToPhrase } from '../phrase/recovery-phrase.ts';
import { createSessionLife } from '../session-life.ts';
import { createSignOut } from '../sign-out/sign-out.ts';
import type { Session } from '../session.ts';
import { readCredentials } from './agent-credentials.ts';
import { createAgentPlatform, type AgentPlatform } from './agent-platform.ts';
import { loadAccount } from './load-account.ts';

export interface AgentSessionOptions {
  readonly accountID: string;
  /** As cojson writes it: `sealerSecret_z…/signerSecret_z…`. Whoever has it has the account. */
  readonly agentSecret: string;
  /** Default: the relay that `resolveSyncUrl()` names. `false`: no relay. */
  readonly sync?: SyncOptions | false;
  /** Default `'memory'`: nothing is kept, so wait until edits are confirmed. One that is given is closed with the session. */
  readonly storage?: 'memory' | DeviceStorage;
  readonly logger?: Logger;
}

/**
 * Opens an account from its own credentials, with no browser around it: in Node, in a worker, in a test. Also one that
 * stock cojson made. Its session ID is random, and never used again.
 *
 * Rejects with ACCOUNT_INVALID where the secret or the ID cannot be read, or they do not belong together. Where the storage
 * does not have the account, the relay is asked once: ACCOUNT_NOT_FOUND where it has none, and SYNC_OFF, SYNC_URL_INVALID,
 * RELAY_UNREACHABLE, RELAY_SILENT or RELAY_NOT_A_RELAY where none could be asked.
 */
export function openAgentSession(options: AgentSessionOptions): Promise<Session> {
  return openAgent(createAgentPlatform(), options);
}

/** See `openAgentSession`. */
export async function openAgent(platform: AgentPlatform, options: AgentSessionOptions): Promise<Session> {
  const { sync: syncOptions = {}, storage: kind = 'memory', logger = silentLogger } = options;
  const crypto = await createSessionCrypto();
  const { accountID, agentSecret } = readCredentials(crypto, options);
  const storage = kind === 'memory' ? createMemoryStorage() : kind;
  const node = createSessionNode(crypto, agentSecret, crypto.newRandomSessionID(accountID));
  node.setStorage(storage);
  let sync: SyncPeers | undefined;
  try {
    sync = startSync({ node, sync: syncOptions, storage, platform, logger });
    await loadAccount({ node, accountID, sync: syncOptions, peers: sync, clock: platform.clock });
    const seed = holdSeed(undefined);
    const leaving = createSignOut({
      ...{ platform, accountID, sync, edits: crypto.edits, logger },
      life: () => life,
      isKept: false, // What a given storage holds is its owner's.
    });
    const end = () => {
      leaving.end();
      seed.forget();
    };
    const life = createSessionLife({ node, sync, edits: crypto.edits, end });
    const session = createSession({
      ...{ node, accountID, storage, sync, passkeys: withoutPasskeys(), life },
      revealRecoveryPhrase: () => seed.withSeed(seedToPhrase),
      signOut: leaving.signOut,
    });
    activate(session);
    return session;
  } catch (error) {
    await sync?.close();
    await node.gracefulShutdown();
    throw error;
  }
}
