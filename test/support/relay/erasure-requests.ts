import type { AgentSecret, LocalNode } from 'cojson';
import { erasureProofType, type ErasureProof, type ErasurePurpose } from '../../../src/wire/erasure.ts';
import { answerOf, placeOf, type StatelessAnswer } from './stateless-client.ts';
import { audienceOf } from './stateless-sign-in.ts';
import { crypto } from './stock-client.ts';

// `url`: of a relay, or of an app there.

export async function erasureNonceOf(url: string): Promise<string> {
  const response = await fetch(`${placeOf(url)}/nonce?for=erasure`, { method: 'POST' });
  return String((await answerOf(response)).body.nonce);
}

export interface ProofChange extends Partial<ErasureProof> {
  /** Signs instead of the account. */
  readonly signer?: LocalNode;
  /** The secrets of keyring agents. */
  readonly keyring?: readonly AgentSecret[];
}

/** The body of a request about this node's account. */
export function erasureProofOf(node: LocalNode, { signer = node, keyring = [], ...change }: ProofChange) {
  const proof = {
    ...{ typ: erasureProofType, purpose: 'erase', nonce: '', audience: '' },
    accountID: node.expectCurrentAccountID('test'),
    keyringAgentIDs: keyring.map((secret) => crypto.getAgentID(secret)),
    ...change,
  } as ErasureProof;
  const sign = (secret: AgentSecret) => crypto.sign(crypto.getAgentSignerSecret(secret), proof);
  return {
    ...{ proof, agentID: node.getCurrentAgent().currentAgentID() },
    signature: sign(signer.agentSecret),
    keyringSignatures: keyring.map(sign),
  };
}

export async function sendProof(
  url: string,
  part: 'erase' | 'export' | 'token',
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<StatelessAnswer> {
  const response = await fetch(`${placeOf(url)}/${part}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return answerOf(response);
}

/** The lines that an account gets of its own, or that an admin gets. */
export async function exportOf(url: string, node: LocalNode): Promise<string> {
  const made = { nonce: await erasureNonceOf(url), audience: audienceOf(url), purpose: 'export' } as const;
  const response = await fetch(`${placeOf(url)}/export`, {
    method: 'POST',
    body: JSON.stringify(erasureProofOf(node, made)),
  });
  return response.text();
}

/** A request of the account for itself. */
export async function askForSelf(
  url: string,
  node: LocalNode,
  purpose: Exclude<ErasurePurpose, 'export'>,
  change: ProofChange = {},
): Promise<StatelessAnswer> {
  const made = { nonce: await erasureNonceOf(url), audience: audienceOf(url), purpose, ...change };
  return sendProof(url, 'erase', erasureProofOf(node, made));
}
