import type { LocalNode } from 'cojson';
import type { Content } from '../../../src/engine/content.ts';
import { openRawClient, type RawClient } from '../relay/raw-client.ts';
import { audienceOf, proofOf } from '../relay/stateless-sign-in.ts';

export interface SignedInClient extends RawClient {
  readonly welcome: Record<string, unknown>;
  /** Sends all that this or another node has of a value, or what is beyond a known state. */
  sendContent(content: readonly Content[]): void;
}

/** A client that has proved the account of the node, and sends only what a test sends. */
export async function openSignedInClient(
  url: string,
  node: LocalNode,
  path = '/sync',
): Promise<SignedInClient> {
  const client = await openRawClient(url, path);
  const { auth } = client.received[0] as { auth: { nonce: string } };
  client.send({ maia: 'auth', method: 'account', ...proofOf(node, auth.nonce, audienceOf(`${url}${path}`)) });
  await client.waitFor({ maia: 'welcome' });
  const welcome = client.received.find(({ maia }) => maia === 'welcome') ?? {};
  return {
    ...client,
    get closeCode() {
      return client.closeCode;
    },
    welcome,
    sendContent(content) {
      for (const piece of content) client.send(piece);
    },
  };
}
