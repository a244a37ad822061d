import type { LocalNode } from 'cojson';
import { createSessionNode } from '../../../src/engine/create-node.ts';
import { createSessionCrypto } from '../../../src/engine/session-crypto.ts';
import { createGenesis } from '../../../src/session/account/genesis.ts';
import { genesisTimeMs } from '../../../src/session/account/version-1.ts';

/** A session's node without storage or peers. The account follows from the seed. */
export async function openNode(seed: Uint8Array<ArrayBuffer>): Promise<LocalNode> {
  const crypto = await createSessionCrypto();
  const genesis = await createGenesis(crypto, globalThis.crypto.subtle, seed);
  const sessionID = crypto.newRandomSessionID(genesis.accountID);
  const node = createSessionNode({ crypto, agentSecret: genesis.agentSecret, sessionID, genesisTimeMs });
  for (const content of await genesis.content()) node.syncManager.handleNewContent(content, 'import');
  return node;
}
