import type { AgentSecret, LocalNode, RawAccountID } from 'cojson';
import { accountProofType, type AccountProof, type SignedAccountProof } from '../../wire/frames.ts';

/** An account that can prove itself, although it need not be loaded. */
export interface AccountKeys {
  readonly accountID: RawAccountID;
  readonly agentSecret: AgentSecret;
  /** Signs in only to load what the agent itself made, such as the entry of a passkey. The account need not exist. */
  readonly scope?: 'lookup';
}

/** Undefined for a node that acts as an agent without an account. */
export function accountOf(node: LocalNode): AccountKeys | undefined {
  const id = node.getCurrentAccountOrAgentID();
  return isAccountID(id) ? { accountID: id, agentSecret: node.agentSecret } : undefined;
}

/** Signs only what is built here. `url`: as dialled; its query may contain a secret, and does not count. */
export function signProof(
  { crypto, currentSessionID }: LocalNode,
  { accountID, agentSecret }: AccountKeys,
  { url, nonce }: { readonly url: URL; readonly nonce: string },
): SignedAccountProof {
  const proof: AccountProof = {
    typ: accountProofType,
    nonce,
    audience: `${url.protocol}//${url.host}${url.pathname}`,
    accountID,
    // A node that acts as the account's agent has no session of the account.
    sessionID: currentSessionID.startsWith(accountID)
      ? currentSessionID
      : crypto.newRandomSessionID(accountID),
  };
  return {
    proof,
    agentID: crypto.getAgentID(agentSecret),
    signature: crypto.sign(crypto.getAgentSignerSecret(agentSecret), proof),
  };
}

function isAccountID(id: string): id is RawAccountID {
  return id.startsWith('co_');
}
