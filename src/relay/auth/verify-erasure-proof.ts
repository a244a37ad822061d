import type { AgentID, CryptoProvider } from 'cojson';
import { isRecord } from '../../base/record.ts';
import { isCoValueID } from '../../wire/ids.ts';
import {
  erasureProofType,
  maxKeyringAgents,
  type ErasureProof,
  type ErasurePurpose,
  type SignedErasureProof,
} from '../../wire/erasure.ts';
import { notAudience } from './relay-audience.ts';
import { SignInRefusal } from './principal.ts';
import { accountIDOf } from './verify-proof.ts';

export interface ErasureProofRules {
  readonly crypto: CryptoProvider;
  readonly purposes: readonly ErasurePurpose[];
  /** Whether a client that dialled this address meant this relay. */
  isAudience(url: string): boolean;
}

const purposes: readonly unknown[] = ['erase', 'preview', 'export'] satisfies readonly ErasurePurpose[];

/** Undefined unless it has exactly the fields of a proof, because the signatures cover all of them. */
export function readErasureProof(value: unknown): SignedErasureProof | undefined {
  if (!isRecord(value)) return undefined;
  const { proof, agentID, signature, keyringSignatures } = value;
  if (!isProof(proof) || !isText(agentID) || !isText(signature)) return undefined;
  if (!isTexts(keyringSignatures) || keyringSignatures.length !== proof.keyringAgentIDs.length)
    return undefined;
  return { proof, agentID, signature, keyringSignatures };
}

/**
 * Verifies that the client has the secrets of an account, and of the keyring entries it names. The caller checks the nonce. Throws
 * a `SignInRefusal`.
 */
export function verifyErasureProof(
  { proof, agentID, signature, keyringSignatures }: SignedErasureProof,
  { crypto, purposes, isAudience }: ErasureProofRules,
): void {
  if (!purposes.includes(proof.purpose)) throw refused('it is for another purpose');
  if (!isAudience(proof.audience)) throw refused(notAudience(proof.audience));
  if (accountIDOf(agentID, crypto) !== proof.accountID)
    throw refused('its keys are not those of its account');
  const signers = [agentID, ...proof.keyringAgentIDs];
  const signatures = [signature, ...keyringSignatures];
  if (!signers.every((signer, place) => isSignedBy(signer, signatures[place] ?? '', proof, crypto)))
    throw refused('one of its signatures is wrong');
}

function isSignedBy(
  agentID: string,
  signature: string,
  proof: ErasureProof,
  crypto: CryptoProvider,
): boolean {
  try {
    return crypto.verify(
      signature as `signature_z${string}`,
      proof,
      crypto.getAgentSignerID(agentID as AgentID),
    );
  } catch {
    return false;
  }
}

function isProof(value: unknown): value is ErasureProof {
  if (!isRecord(value) || value.typ !== erasureProofType || !purposes.includes(value.purpose)) return false;
  const { typ, purpose, nonce, audience, accountID, keyringAgentIDs, ...others } = value;
  return (
    [typ, purpose, nonce, audience].every(isText) &&
    isCoValueID(accountID) &&
    isTexts(keyringAgentIDs) &&
    Object.keys(others).length === 0
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxKeyringAgents && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 1_000;
}

function refused(why: string): SignInRefusal {
  return new SignInRefusal('unauthorized', `The proof was refused: ${why}.`);
}
