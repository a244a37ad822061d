import { Worker } from 'node:worker_threads';
import { createSessionNode } from '../../src/engine/create-node.ts';
import { createSessionCrypto } from '../../src/engine/session-crypto.ts';
import { createGenesis } from '../../src/session/account/genesis.ts';
import { genesisTimeMs } from '../../src/session/account/version-1.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createDroppedContent, type DroppedContent } from '../../src/sync/relays/dropped-content.ts';
import type { LocalNode, SessionID } from 'cojson';
import { createInstantPacer } from '../support/instant-pacer.ts';
import { createClientCalls, type ClientCalls, type Person } from './client-commands.ts';
import type { Call } from './stock-clients.ts';
import type { TakenClock } from './take-clock.ts';

/** Clients of one kind. Calls at a time begin after those before have ended. */
export interface ClientHost {
  at(nowMs: number): ClientCalls;
  close(): Promise<unknown>;
}

export async function openStockHost(script: string, seed: number, startMs: number): Promise<ClientHost> {
  const worker = new Worker(script, { workerData: { seed, startMs } });
  await new Promise((resolve, reject) => worker.once('online', resolve).once('error', reject));
  const call = (nowMs: number, name: keyof ClientCalls, values: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      worker.once('message', ({ value, error }: { readonly value?: unknown; readonly error?: Error }) =>
        error === undefined ? resolve(value) : reject(error),
      );
      worker.postMessage({ name, nowMs, values } satisfies Call);
    });
  return {
    at: (nowMs) =>
      new Proxy({} as ClientCalls, {
        get:
          (_, name) =>
          (...values: readonly unknown[]) =>
            call(nowMs, name as keyof ClientCalls, values),
      }),
    close: () => worker.terminate(),
  };
}

/** Kernel clients in this thread. `dropped` receives what they do not take. */
export function openKernelHost(
  clock: TakenClock,
  seedBytes: () => Uint8Array<ArrayBuffer>,
  dropped: string[],
): ClientHost {
  const filters = new WeakMap<LocalNode, DroppedContent>();

  async function openNode({ accountID, agentSecret }: Person, sessionID?: SessionID): Promise<LocalNode> {
    const crypto = await createSessionCrypto();
    const id = sessionID ?? crypto.newRandomSessionID(accountID);
    const node = createSessionNode({ crypto, agentSecret, sessionID: id, genesisTimeMs });
    const pacer = createInstantPacer();
    const onDropped = (detail: object) => void dropped.push(JSON.stringify(detail));
    filters.set(node, createDroppedContent({ node, clock: systemClock, pacer, onDropped }));
    return node;
  }

  const calls = createClientCalls({
    openNode,
    async create() {
      const genesis = await createGenesis(await createSessionCrypto(), globalThis.crypto.subtle, seedBytes());
      const node = await openNode(genesis);
      for (const content of await genesis.content()) node.syncManager.handleNewContent(content, 'import');
      const { accountID, agentSecret } = genesis;
      return { node, person: { accountID, agentSecret } };
    },
    admit: (node, content) => filters.get(node)?.admit('relay', content),
  });
  return {
    at(nowMs) {
      clock.set(nowMs);
      return calls;
    },
    close: () => Promise.resolve(),
  };
}
