import type { LocalNode } from 'cojson';
import { accountProofType } from '../../../src/wire/frames.ts';
import { answerOf, placeOf, type StatelessAnswer } from './stateless-client.ts';
import { crypto } from './stock-client.ts';

// `url`: of a relay, or of an app there.

export const post = async (url: string, part: 'nonce' | 'token', body = '{}'): Promise<StatelessAnswer> =>
  answerOf(
    await fetch(`${placeOf(url)}/${part}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    }),
  );

export const nonceOf = async (url: string) => String((await post(url, 'nonce')).body.nonce);
export const audienceOf = (url: string) => placeOf(url).replace('http', 'ws');

/** The body of a request for a token. */
export function proofOf(node: LocalNode, nonce: string, audience: string) {
  const proof = {
    ...({ typ: accountProofType, nonce, audience } as const),
    ...{ accountID: node.expectCurrentAccountID('test'), sessionID: node.currentSessionID },
  };
  const agent = node.getCurrentAgent();
  const signature = crypto.sign(agent.currentSignerSecret(), proof);
  return { proof, agentID: agent.currentAgentID(), signature };
}

export const exchange = (url: string, node: LocalNode, nonce: string, audience = audienceOf(url)) =>
  post(url, 'token', JSON.stringify(proofOf(node, nonce, audience)));

export const withToken = (token: unknown) => ({ authorization: `Bearer ${String(token)}` });
