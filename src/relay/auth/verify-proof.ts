import { cojsonInternals, type AgentID, type CoValueHeader, type CryptoProvider } from 'cojson';
import type { SignedAccountProof } from '../../wire/frames.ts';
import { notAudience } from './relay-audience.ts';
import { SignInRefusal, type Principal } from './principal.ts';

export interface ProofRules {
  readonly crypto: CryptoProvider;
  /** Whether a client that dialled this address meant this relay. */
  isAudience(url: string): boolean;
}

/** Verifies that the client has the secret of an account. Nothing has to be loaded. Throws a `SignInRefusal`. */
export function verifyProof(signed: SignedAccountProof, nonce: string, rules: ProofRules): Principal {
  const { proof, agentID, signature } = signed;
  const { crypto, isAudience } = rules;
  if (proof.nonce !== nonce) throw refused('it is not for this connection');
  if (!isAudience(proof.audience)) throw refused(notAudience(proof.audience));
  if (accountIDOf(agentID, crypto) !== proof.accountID)
    throw refused('its keys are not those of its account');
  if (!isSignedBy(agentID, signed, crypto))
    throw refused(signature === '' ? 'it is not signed' : 'its signature is wrong');
  return { kind: 'account', id: proof.accountID };
}

/** An account's ID is the hash of its header, which names its first agent. */
export function accountIDOf(agentID: string, crypto: CryptoProvider): string {
  const header: CoValueHeader = {
    type: 'comap',
    ruleset: { type: 'group', initialAdmin: agentID as AgentID },
    meta: { type: 'account' },
    createdAt: null,
    uniqueness: null,
  };
  return cojsonInternals.idforHeader(header, crypto);
}

function isSignedBy(
  agentID: string,
  { proof, signature }: SignedAccountProof,
  crypto: CryptoProvider,
): boolean {
  try {
    const signerID = crypto.getAgentSignerID(agentID as AgentID);
    return crypto.verify(signature as `signature_z${string}`, proof, signerID);
  } catch {
    return false;
  }
}

function refused(why: string): SignInRefusal {
  return new SignInRefusal('unauthorized', `The account proof was refused: ${why}.`);
}
