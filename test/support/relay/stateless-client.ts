import type { LocalNode } from 'cojson';
import type { Content } from '../../../src/engine/content.ts';

interface HasID {
  readonly id: string;
}

export interface StatelessAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** All that the node has of these values, as changes of a push. */
export function changesOf(node: LocalNode, ...values: readonly HasID[]): Content[] {
  return values.flatMap(({ id }) => node.getCoValue(id as Content['id']).newContentSince() ?? []);
}

/** What the node has of a value beyond what `edit` finds. */
export function changesBy(node: LocalNode, { id }: HasID, edit: () => void): Content[] {
  const core = node.getCoValue(id as Content['id']);
  const before = core.knownState();
  edit();
  return core.newContentSince(before) ?? [];
}

/** With what others need to check and read what the node writes. */
export function accountOf(node: LocalNode): HasID {
  return node.expectCurrentAccount('A client has an account.');
}

export async function answerOf(response: Response): Promise<StatelessAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text.startsWith('{') ? JSON.parse(text) : { text }) as StatelessAnswer['body'],
  };
}

/** `url`: of a relay, or of an app there. */
export function placeOf(url: string): string {
  return new URL(url).pathname === '/' ? `${url}/sync` : url;
}

export async function push(
  url: string,
  changes: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<StatelessAnswer> {
  return pushBody(url, JSON.stringify({ clientId: 'sw-1', since: null, collections: [], changes }), headers);
}

export async function pushBody(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<StatelessAnswer> {
  const response = await fetch(placeOf(url), {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return answerOf(response);
}

export async function pull(
  url: string,
  ids: readonly (HasID | string)[],
  query: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<StatelessAnswer> {
  const named = ids.map((one) => (typeof one === 'string' ? one : one.id)).join(',');
  const what = ids.length > 0 && { ids: named };
  const address = `${placeOf(url)}/pull?${new URLSearchParams({ ...what, ...query }).toString()}`;
  return answerOf(await fetch(address, { headers: { 'x-client-id': 'sw-1', ...headers } }));
}

/** Pulls until there is no more. Fails at an answer that is no success. */
export async function pullAll(
  url: string,
  ids: readonly (HasID | string)[],
  query: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly changes: readonly Content[]; readonly cursor: string; readonly answers: number }> {
  const changes: Content[] = [];
  let since = query['since'];
  for (let answers = 1; ; answers++) {
    const { status, body } = await pull(
      url,
      ids,
      { ...query, ...(since !== undefined && { since }) },
      headers,
    );
    if (status !== 200) throw new Error(`The pull was answered with ${status}: ${JSON.stringify(body)}`);
    const answer = body as { serverChanges: Content[]; syncedUntil: string; more: boolean };
    changes.push(...answer.serverChanges);
    since = answer.syncedUntil;
    if (!answer.more) return { changes, cursor: since, answers };
  }
}

/** Puts pulled changes into a node, in their order. */
export function take(node: LocalNode, changes: readonly Content[]): void {
  for (const change of changes) node.syncManager.handleNewContent(structuredClone(change), 'import');
}
