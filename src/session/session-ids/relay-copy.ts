import { LocalNode, type AgentSecret, type AvailableCoValueCore, type RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { foreignStorageStatus, type SyncPlatform } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { askRelay } from '../opening/ask-relay.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';

/** How long to wait for the next piece of what the relay has announced. */
const restMs = 10_000;

/** A node that holds what the relay has, and nothing from this device. It writes nothing. */
export interface RelayCopy {
  readonly node: LocalNode;
  /** Rejects with the reason why the relay cannot answer. */
  load(ids: readonly RawCoID[]): Promise<void>;
  close(): Promise<void>;
}

export async function openRelayCopy(options: {
  readonly agentSecret: AgentSecret;
  readonly sync: SyncOptions;
  readonly platform: SyncPlatform;
  readonly logger: Logger;
}): Promise<RelayCopy> {
  const { agentSecret, sync, platform, logger } = options;
  const crypto = await createSessionCrypto();
  const node = new LocalNode(agentSecret, crypto.newRandomSessionID(crypto.getAgentID(agentSecret)), crypto);
  const storage = { status: foreignStorageStatus(node) };
  // A replay that took a session's place is a difference, too.
  const peers = startSync({ node, sync, storage, platform, logger, takesReplays: true });
  return {
    node,
    async load(ids) {
      for (const id of ids) {
        await askRelay({ node, id, sync, peers, clock: platform.clock });
        const core = getAvailableCoValue(node, id);
        if (core) await untilWhole(core, platform.clock);
      }
    },
    async close() {
      await peers.close();
      await node.gracefulShutdown();
    },
  };
}

/** Rejects if nothing more arrives. */
function untilWhole(core: AvailableCoValueCore, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    let [here, cancel] = [-1, (): void => {}];
    const stop = core.subscribe(check, false);
    check();

    function check(): void {
      if (!core.isStreaming()) return end(resolve);
      const before = here;
      here = Object.values(core.knownState().sessions).reduce((sum, count) => sum + count, 0);
      if (here === before) return;
      cancel();
      cancel = clock.after(restMs, () =>
        end(() => reject(new Error('The relay announced what it did not send.'))),
      );
    }

    function end(settle: () => void): void {
      cancel();
      stop();
      settle();
    }
  });
}
