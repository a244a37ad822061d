import type { IncomingMessage } from 'node:http';
import { parseJson } from '../../base/json.ts';
import type { ErasurePurpose } from '../../wire/erasure.ts';
import { SignInRefusal } from '../auth/principal.ts';
import { readErasureProof, verifyErasureProof } from '../auth/verify-erasure-proof.ts';
import { ErasureRefusal } from '../erasure/erasure-refusal.ts';
import type { Person } from '../erasure/find-personal.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import { checkBearer, signIn } from './bearer.ts';
import type { LinesAnswer } from './deliver-lines.ts';
import { StatelessRefusal } from './refusal.ts';
import type { RelayTokens } from './relay-tokens.ts';

/** A token of an identity server is younger than this: a thief of an older one must not erase anything. */
const freshMs = 5 * 60_000;

/**
 * Answers a person who erases, or exports, what is their own. The proof is of the account, and counts once; where only tokens of an
 * identity server let clients in, the request has a fresh one, too. Rejects with a `StatelessRefusal`.
 */
export async function answerPerson(
  part: 'erase' | 'export',
  { request, signal, address, body, tokens, tools }: PersonalRequest,
): Promise<object | LinesAnswer> {
  const { erasures } = tools;
  const { person, purpose } = await signIn(address, tools.signIns, async () => {
    await checkFresh(part, request, address, tokens, tools);
    return readPerson(part, body, tokens, tools);
  });
  try {
    if (purpose === 'preview') return await erasures.preview(person, signal);
    if (purpose === 'erase') return await erasures.erase(person);
    const lines = erasures.exportLines(person, signal);
    // So that a refusal is answered as one.
    const first = await lines.next();
    return { lines: joined(String(first.value), lines) };
  } catch (error) {
    if (error instanceof ErasureRefusal)
      throw new StatelessRefusal(error.code, error.message, retryOf(error));
    throw error;
  }
}

export interface PersonalRequest {
  readonly request: IncomingMessage;
  /** Aborted once the client has gone. An erasure goes on. */
  readonly signal: AbortSignal;
  readonly address: string;
  readonly body: Buffer;
  readonly tokens: RelayTokens;
  readonly tools: StatelessTools;
}

async function checkFresh(
  part: 'erase' | 'export',
  request: IncomingMessage,
  address: string,
  tokens: RelayTokens,
  tools: StatelessTools,
): Promise<void> {
  // A blocked person may do this, too.
  const { offeredMethods, clock } = tools;
  // The proof of the account is a sign-in of its own.
  if (!offeredMethods || offeredMethods.names.includes('account')) return;
  const { principal } = await checkBearer(request, address, offeredMethods, part, { ...tools, tokens });
  if (clock.nowMs() - (principal?.sinceMs ?? 0) > freshMs)
    throw new SignInRefusal(
      'unauthorized',
      'The token is older than 5 minutes. Ask the person to sign in again, and send the new token.',
    );
}

async function readPerson(
  part: 'erase' | 'export',
  body: Buffer,
  tokens: RelayTokens,
  { node, isAudience }: StatelessTools,
): Promise<{ person: Person; purpose: ErasurePurpose }> {
  const signed = readErasureProof(parseJson(body.toString('utf8')));
  if (!signed) throw new StatelessRefusal('invalid', 'The body is not a proof for an erasure or an export.');
  const purposes = part === 'erase' ? (['erase', 'preview'] as const) : (['export'] as const);
  verifyErasureProof(signed, { crypto: node.crypto, purposes, isAudience });
  await tokens.useErasureNonce(signed.proof.nonce);
  const { accountID, keyringAgentIDs, purpose } = signed.proof;
  return { person: { accountID, agentIDs: [signed.agentID, ...keyringAgentIDs] }, purpose };
}

async function* joined(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

function retryOf({ code }: ErasureRefusal): { retryAfterMs?: number } {
  return code === 'limit' ? { retryAfterMs: 60_000 } : {};
}
