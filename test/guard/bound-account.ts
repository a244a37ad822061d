import { LocalNode } from 'cojson';
import { createSessionNode } from '../../src/engine/create-node.ts';
import { createSessionCrypto } from '../../src/engine/session-crypto.ts';
import { createGenesis, type Genesis } from '../../src/session/account/genesis.ts';
import { genesisTimeMs } from '../../src/session/account/version-1.ts';
import { crypto } from './nodes.ts';

/** An account that a kernel made. */
export interface BoundAccount {
  readonly genesis: Genesis;
  readonly content: Awaited<ReturnType<Genesis['content']>>;
  /** A device of the account. */
  kernel(): Promise<LocalNode>;
  /** The same account on a stock client, or on an attacker's who has its secret. */
  stock(): LocalNode;
}

export async function createBoundAccount(): Promise<BoundAccount> {
  const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
  const genesis = await createGenesis(await createSessionCrypto(), globalThis.crypto.subtle, seed);
  const content = await genesis.content();
  const newSession = () => crypto.newRandomSessionID(genesis.accountID);
  const filled = (node: LocalNode) => {
    for (const piece of content) node.syncManager.handleNewContent(structuredClone(piece), 'import');
    return node;
  };
  return {
    genesis,
    content,
    async kernel() {
      const own = await createSessionCrypto();
      const { agentSecret } = genesis;
      return filled(createSessionNode({ crypto: own, agentSecret, sessionID: newSession(), genesisTimeMs }));
    },
    stock: () => filled(new LocalNode(genesis.agentSecret, newSession(), crypto)),
  };
}
