import { cojsonInternals, LocalNode, RawAccount, type CryptoProvider, type StorageAPI } from 'cojson';
import { healSessionMaps } from '../../engine/session-maps/hash-repair.ts';
import { mendCojson } from '../../platform/mend-cojson.ts';
import type { AgentIdentity } from '../config/agent-identity.ts';

/** A node on the given account or, as a relay needs no rights over anybody's data, on an identity that nobody keeps. */
export function createRelayNode(cryptoOfRelay: CryptoProvider, agent?: AgentIdentity): LocalNode {
  mendCojson();
  const crypto = healSessionMaps(cryptoOfRelay);
  if (agent) return new LocalNode(agent.agentSecret, crypto.newRandomSessionID(agent.accountID), crypto);
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

/** Makes the storage the node's, with the node's own account in it: others load it from there to share with it. */
export async function useStorage(node: LocalNode, storage: StorageAPI, agent?: AgentIdentity): Promise<void> {
  node.setStorage(storage);
  if (!agent) return;
  const isStored = await new Promise<boolean>((resolve) => {
    node.getCoValue(agent.accountID).loadFromStorage(resolve);
  });
  if (!isStored) createAccount(node, agent);
}

/** As cojson creates an account, which it offers only together with a node. */
function createAccount(node: LocalNode, { agentSecret }: AgentIdentity): void {
  const { crypto } = node;
  const header = cojsonInternals.accountHeaderForInitialAgentSecret(agentSecret, crypto);
  const account = node.createCoValue(header).getCurrentContent();
  if (!(account instanceof RawAccount)) throw new Error('The header of an account made something else.');
  const agentID = crypto.getAgentID(agentSecret);
  const readKey = crypto.newRandomKeySecret();
  account.set(agentID, 'admin', 'trusting');
  const sealed = crypto.seal({
    message: readKey.secret,
    from: crypto.getAgentSealerSecret(agentSecret),
    to: crypto.getAgentSealerID(agentID),
    nOnceMaterial: { in: account.id, tx: account.core.nextTransactionID() },
  });
  account.set(`${readKey.id}_for_${agentID}`, sealed, 'trusting');
  account.set('readKey', readKey.id, 'trusting');
}

/** What is in memory is to be read anew from the storage; the node's own account stays. */
export function forgetContent(node: LocalNode): void {
  const own = node.getCurrentAccountOrAgentID();
  for (const { id } of [...node.allCoValues()]) if (id !== own) node.internalDeleteCoValue(id);
}
