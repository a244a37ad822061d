import { cojsonInternals, type AgentSecret, type RawAccountID } from 'cojson';
import { accountProofType, type AccountProof, type AuthFrame } from '../../../src/wire/frames.ts';
import { crypto } from '../relay/stock-client.ts';
import type { Frame } from '../relay/surfaces.ts';

/** The account that has this secret as its first one. */
export function accountIDOf(agentSecret: AgentSecret): RawAccountID {
  const header = cojsonInternals.accountHeaderForInitialAgentSecret(agentSecret, crypto);
  return cojsonInternals.idforHeader(header, crypto) as RawAccountID;
}

/** What signs in with this secret, on the connection whose relay sent the nonce last. */
export function prove(
  agentSecret: AgentSecret,
  { url, received }: { readonly url: string; readonly received: readonly Frame[] },
  {
    scope,
    signer = agentSecret,
    ...change
  }: Partial<AccountProof> & { readonly scope?: 'lookup'; readonly signer?: AgentSecret } = {},
): AuthFrame {
  const accountID = accountIDOf(agentSecret);
  const proof: AccountProof = {
    typ: accountProofType,
    nonce: nonceIn(received),
    audience: `${url.replace('http', 'ws')}/sync`,
    accountID,
    sessionID: crypto.newRandomSessionID(accountID),
    ...change,
  };
  return {
    ...{ maia: 'auth', method: 'account', proof, agentID: crypto.getAgentID(agentSecret) },
    signature: crypto.sign(crypto.getAgentSignerSecret(signer), proof),
    ...(scope && { scope }),
  };
}

/** Empty at a relay that asks nobody to sign in. */
function nonceIn(received: readonly Frame[]): string {
  const { nonce, auth } = received.findLast(({ maia }) => maia === 'hello' || maia === 'welcome') ?? {};
  const demand = auth as { readonly nonce: string } | null | undefined;
  return (nonce as string | undefined) ?? demand?.nonce ?? '';
}
