import type { LocalNode } from 'cojson';
import { parseJson } from '../../base/json.ts';
import { isRecord, type JsonRecord } from '../../base/record.ts';
import { accountOf, signProof } from '../../sync/begin-sync.ts';
import type { SyncOptions } from '../../sync/sync-peers.ts';

const requestMs = 10_000;

/**
 * Asks the relay for a ticket. Resolves with undefined if it gives none, as one that lets anyone in, or one of an earlier
 * version. Rejects if it may give one later.
 */
export async function getTicket(options: {
  /** The WebSocket address. */
  readonly url: URL;
  readonly auth: NonNullable<SyncOptions['auth']>;
  readonly node: LocalNode;
  readonly accountID: string;
  readonly appVersion: string | undefined;
  readonly fetch: typeof globalThis.fetch;
}): Promise<string | undefined> {
  const { url, auth, node, accountID, appVersion, fetch } = options;

  async function post(
    part: 'nonce' | 'token',
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<JsonRecord | undefined> {
    const target = new URL(url.href.replace(/^ws/, 'http'));
    target.pathname += `/${part}`;
    const response = await fetch(target.href, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        ...(appVersion !== undefined && { 'x-app-version': appVersion }),
        ...headers,
      },
      cache: 'no-store',
      credentials: 'omit',
      // A proof or a token must not go to another server.
      redirect: 'error',
      signal: AbortSignal.timeout(requestMs),
    });
    const text = await response.text();
    if ([400, 404, 405].includes(response.status)) return undefined;
    const answer = response.ok ? parseJson(text) : undefined;
    // The answer itself may quote the proof.
    if (!isRecord(answer)) throw new Error(`The relay answered with status ${response.status}.`);
    return answer;
  }

  async function prove(): Promise<JsonRecord | undefined> {
    const keys = accountOf(node);
    if (!keys) return undefined;
    const nonce = (await post('nonce', {}))?.['nonce'];
    if (typeof nonce !== 'string') return undefined;
    return post('token', { ...signProof(node, keys, { url, nonce }), scope: 'push' });
  }

  const answer =
    auth === 'account'
      ? await prove()
      : await post('token', { scope: 'push', accountID }, { authorization: `Bearer ${await auth.token()}` });
  const token = answer?.['token'];
  return typeof token === 'string' ? token : undefined;
}
