import { cojsonInternals, RawAccount, type LocalNode, type Profile, type StorageAPI } from 'cojson';
import type { AgentIdentity } from '../config/agent-identity.ts';
import { loadFromStorage } from '../../engine/covalue-lookup.ts';

/** Also stores the account of the node, so that clients can load it to share content with it. */
export async function useStorage(node: LocalNode, storage: StorageAPI, agent?: AgentIdentity): Promise<void> {
  node.setStorage(storage);
  if (!agent) return;
  const isStored = await loadFromStorage(node, agent.accountID);
  if (!isStored) createAccount(node, agent);
  ensureProfile(node);
}

/** Creates an account as cojson does; cojson itself can do so only together with a new node. */
function createAccount(node: LocalNode, { agentSecret }: AgentIdentity): void {
  const { crypto } = node;
  const header = cojsonInternals.accountHeaderForInitialAgentSecret(agentSecret, crypto);
  const account = node.createCoValue(header).getCurrentContent();
  if (!(account instanceof RawAccount)) throw new Error('The header did not create an account.');
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

/** Stock clients refuse to open an account without a profile. */
function ensureProfile(node: LocalNode): void {
  const account = node.expectCurrentAccount('An agent has an account.');
  if (account.get('profile') !== undefined || account.get('readKey') === undefined) return;
  const group = node.createGroup();
  group.addMember('everyone', 'reader');
  const profile = group.createMap<Profile>({ name: 'maia-relay' });
  account.set('profile', profile.id, 'trusting');
}

/** Evicts everything but the account of the node, so that all content is read from the storage again. */
export function forgetContent(node: LocalNode): void {
  const accountID = node.getCurrentAccountOrAgentID();
  for (const { id } of [...node.allCoValues()]) if (id !== accountID) node.internalDeleteCoValue(id);
}
