import { createAppCalls } from '../../app/create-app-calls.ts';
import { silentLogger } from '../../base/logger.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { activate } from '../active-session.ts';
import { holdSeed } from '../account/seed-holder.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { createSessionNode } from '../../engine/create-node.ts';
import { createSession } from '../opening/create-session.ts';
import { withoutPasskeys } from '../passkeys/without-passkeys.ts';
import { phraseModule } from '../phrase/phrase-module.ts';
import { createSessionLife } from '../opening/session-life.ts';
import { createSignOut } from '../sign-out/sign-out.ts';
import type { Session } from '../session.ts';
import { readCredentials } from './agent-credentials.ts';
import type { AgentPlatform } from './agent-platform.ts';
import type { AgentSessionOptions } from '../session-options.ts';
import { loadAccount } from './load-account.ts';
import { genesisTimeMs } from '../account/version-1.ts';

export async function openAgent(platform: AgentPlatform, options: AgentSessionOptions): Promise<Session> {
  const { sync: syncOptions = {}, storage: kind = 'memory', logger = silentLogger } = options;
  const crypto = await createSessionCrypto();
  const { accountID, agentSecret } = readCredentials(crypto, options);
  const storage = kind === 'memory' ? createMemoryStorage() : kind;
  const node = createSessionNode({
    crypto,
    agentSecret,
    sessionID: crypto.newRandomSessionID(accountID),
    genesisTimeMs,
  });
  node.setStorage(storage);
  let sync: SyncPeers | undefined;
  try {
    sync = startSync({ node, sync: syncOptions, storage, platform, logger });
    await loadAccount({ node, accountID, sync: syncOptions, peers: sync, clock: platform.clock });
    const seed = holdSeed(undefined);
    const leaving = createSignOut({
      ...{ platform, accountID, sync, edits: crypto.edits, logger },
      life: () => life,
      tabs: undefined,
      isKept: false, // Sign-out deletes nothing from a storage that was passed in.
    });
    const app = createAppCalls({
      node,
      accountID,
      sync,
      storage,
      clock: platform.clock,
      page: platform.page,
      subtle: platform.subtle,
    });
    const end = () => {
      app.close();
      leaving.end();
      seed.forget();
    };
    const life = createSessionLife({ node, sync, edits: crypto.edits, end });
    const session = createSession({
      ...{ node, accountID, storage, sync, passkeys: withoutPasskeys(), life, calls: app.calls },
      revealRecoveryPhrase: () =>
        seed.withSeed(async (bytes) => (await phraseModule.load()).seedToPhrase(bytes)),
      signOut: leaving.signOut,
      erasure: {
        previewErasure: () => seed.withSeed(() => []),
        eraseAccount: () => seed.withSeed(() => []),
      },
    });
    activate(session);
    return session;
  } catch (error) {
    await sync?.close();
    await node.gracefulShutdown();
    throw error;
  }
}
