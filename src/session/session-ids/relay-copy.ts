import { LocalNode, type AgentSecret, type RawCoID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import { foreignStorageStatus, type AccountKeys, type SyncPlatform } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { askRelay } from '../opening/ask-relay.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';

/** A node that holds what the relay has, and nothing from this device. It writes nothing. */
export interface RelayCopy {
  readonly node: LocalNode;
  /** Rejects with the reason why the relay cannot answer. */
  load(ids: readonly RawCoID[]): Promise<void>;
  close(): Promise<void>;
}

export async function openRelayCopy(options: {
  /** Signs in at the relay. */
  readonly account: AccountKeys | undefined;
  readonly agentSecret: AgentSecret;
  readonly sync: SyncOptions;
  readonly platform: SyncPlatform;
  readonly logger: Logger;
}): Promise<RelayCopy> {
  const { account, agentSecret, sync, platform, logger } = options;
  const crypto = await createSessionCrypto();
  const node = new LocalNode(agentSecret, crypto.newRandomSessionID(crypto.getAgentID(agentSecret)), crypto);
  const storage = { status: foreignStorageStatus(node) };
  // A replay that took a session's place is a difference, too.
  const peers = startSync({
    ...{ node, sync, storage, platform, logger },
    ...(account && { account }),
    takesReplays: true,
  });
  return {
    node,
    async load(ids) {
      for (const id of ids) {
        await askRelay({ node, id, sync, peers, clock: platform.clock });
        // Ends without the rest if the relay does not send what it has announced.
        await getAvailableCoValue(node, id)?.waitForFullStreaming();
      }
    },
    async close() {
      await peers.close();
      await node.gracefulShutdown();
    },
  };
}
