import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalNode } from 'cojson';
import { expect } from 'vitest';
import type { Database } from '../../../src/relay/database/database.ts';
import { openSignedInClient } from '../auth/signed-in-client.ts';
import { until } from '../until.ts';
import {
  changeCursor,
  createValues,
  forge,
  sideOf,
  type Given,
  type Side,
  type Value,
} from './app-values.ts';
import { openHttpClient } from './http-client.ts';
import { openNotices } from './notice-client.ts';
import { accountOf, changesOf, pullAll, push } from './stateless-client.ts';
import { audienceOf, exchange, nonceOf, post, proofOf, withToken } from './stateless-sign-in.ts';
import { createClientNode, crypto } from './stock-client.ts';
import type { Frame } from './surfaces.ts';
import { startRelay } from './test-relay.ts';

/** Much longer than a busy machine takes. */
const lateMs = 60_000;

export interface Answer {
  /** All of it, except for IDs and what else is another each time. */
  readonly text: string;
  readonly tookMs: number;
}

/** IDs, signatures and hashes become alike, and so do cursors, which count the transactions of the database. */
export function withoutIDs(text: string): string {
  return text
    .replace(/"ask":\d+/g, '"ask"')
    .replace(/_z[1-9A-HJ-NP-Za-km-z]{9,}/g, '_z')
    .replace(/(?<="syncedUntil":")[\w-]+/g, (cursor) =>
      changeCursor(cursor, (fields) => fields.map((field) => field.replace(/^[\d:,]+$/, 'n'))),
    );
}

/** A request by HTTP. */
async function ask(url: string, options: RequestInit = {}): Promise<Answer> {
  const startedMs = performance.now();
  const response = await fetch(url, options);
  const body = await response.text();
  const tookMs = performance.now() - startedMs;
  const headers = [...response.headers].filter(([name]) => !['date', 'content-length'].includes(name));
  const length = response.headers.get('content-length');
  const isWhole = length === null || Number(length) === Buffer.byteLength(body);
  return { text: JSON.stringify([response.status, headers, isWhole, withoutIDs(body)]), tookMs };
}

const askJSON = (url: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  ask(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

/** A client in a namespace, over whatever it has a connection by. */
interface Client {
  readonly received: readonly Frame[];
  /** Rejects if the relay does not take them. */
  send(...messages: readonly object[]): Promise<unknown>;
  nextArrival(): Promise<unknown>;
}

const frameOf = (messages: readonly object[]) =>
  messages.map((message) => JSON.stringify(message)).join('\n');

async function openByWebSocket(url: string, node: LocalNode, path: string): Promise<Client> {
  const client = await openSignedInClient(url, node, path);
  return {
    received: client.received,
    send: (...messages) => Promise.resolve(client.send(frameOf(messages))),
    nextArrival: () => once(client.socket, 'message'),
  };
}

async function openByStream(url: string, node: LocalNode, path: string): Promise<Client> {
  const client = await openHttpClient(url, path);
  /** The relay takes one request of a channel at a time, and refuses others. */
  let last: Promise<unknown> = Promise.resolve();
  const send = (...messages: readonly object[]) =>
    (last = last.then(async () => expect((await client.post(frameOf(messages))).status).toBe(204)));
  await client.waitFor(({ received }) => received.length > 0);
  const { auth } = client.received[0] as { auth: { nonce: string } };
  await send({ maia: 'auth', method: 'account', ...proofOf(node, auth.nonce, audienceOf(`${url}${path}`)) });
  await client.waitFor(({ received }) => received.some(({ maia }) => maia === 'welcome'));
  return { ...client, send };
}

/** The relay asks for what content depends on, and for what it lacks. It acknowledges a comparison only once it is answered. */
async function answerLoads(client: Client): Promise<void> {
  for (let seen = 0; ; await client.nextArrival()) {
    const arrived = client.received.slice(seen);
    seen += arrived.length;
    for (const { action, id } of arrived)
      if (action === 'load') {
        // If it fails, so does the next request.
        client.send({ action: 'known', id, header: false, sessions: {} }).catch(() => {});
      }
  }
}

/** Sends the messages, and waits for an answer. */
async function askBy(
  client: Client,
  messages: readonly object[],
  isAnswer: (frame: Frame) => boolean,
): Promise<Answer> {
  const before = client.received.length;
  const find = () => client.received.slice(before).find(isAnswer);
  const startedMs = performance.now();
  const refused = client.send(...messages).then(() => new Promise<never>(() => {}));
  const ending = new AbortController();
  const late = delay(lateMs, undefined, ending).then(
    () => expect.unreachable(`There is no answer to ${JSON.stringify(messages.at(-1))}.`),
    () => {},
  );
  try {
    while (!find()) await Promise.race([client.nextArrival(), refused, late]);
  } finally {
    ending.abort();
  }
  const tookMs = performance.now() - startedMs;
  return { text: withoutIDs(JSON.stringify(find())), tookMs };
}

/** Prepares a request, and returns how to send it. The numbers are random ones in [0, 1), the same for both sides. */
type Ask = (side: Side, first: number, second: number) => Send | Promise<Send>;
export type Send = () => Promise<Answer>;

const pick = <T>(values: readonly T[], fraction: number) => values[Math.floor(fraction * values.length)] as T;

const countOf = ({ received }: Client, wanted: string) =>
  received.filter(({ action }) => action === wanted).length;

function byConnection(client: Client): Readonly<Record<string, Ask>> {
  const loading =
    (messagesOf: (value: Value) => readonly object[]): Ask =>
    ({ values }, first) => {
      const value = pick(values, first);
      const isAnswer = ({ action, id }: Frame) =>
        (action === 'known' || action === 'content') && id === value.id;
      return () => askBy(client, messagesOf(value), isAnswer);
    };
  let asks = 0;
  /** What comes of content shows later. */
  const inspecting =
    (contentOf: (value: Value) => readonly object[], from: 'values' | 'maps'): Ask =>
    (side, first) => {
      const value = pick(side[from], first);
      const ask = ++asks;
      const messages = [...contentOf(value), { maia: 'inspect', ask, id: value.id }];
      return () => askBy(client, messages, (frame) => frame.ask === ask);
    };
  return {
    load: loading(({ id }) => [{ action: 'load', id, header: false, sessions: {} }]),
    'load of the rest': loading(({ id, sessions }) => [{ action: 'load', id, header: true, sessions }]),
    known: loading(({ id, sessions }) => [
      { action: 'known', id, header: true, sessions },
      { action: 'load', id, header: true, sessions },
    ]),
    inspect: inspecting(() => [], 'values'),
    reconcile: ({ values }, first) => {
      const { id, sessions } = pick(values, first);
      const message = { action: 'reconcile', id: 'batch', values: [[id, crypto.shortHash(sessions)]] };
      return async () => {
        const acknowledged = countOf(client, 'reconcile-ack');
        const asked = await askBy(client, [message], (frame) => frame.action === 'load' && frame.id === id);
        await until(() => countOf(client, 'reconcile-ack') > acknowledged, lateMs);
        return asked;
      };
    },
    'content without a header': inspecting(({ edit }) => [edit], 'values'),
    'content without its group': inspecting(({ whole }) => whole, 'maps'),
  };
}

/** `change` gets whether a text is about something in A. */
export async function openTwoApps(
  storage: string,
  wholeCount: number,
  change?: (database: Database, isInA: (text: string) => boolean) => Database,
) {
  const known: { there?: Side } = {};
  const relay = await startRelay(
    {
      ...{ storage, appIDs: ['a', 'b'], auth: { account: true }, inspect: true },
      limits: { failedSignInsPerMinute: 1_000_000, newConnectionsPerMinute: 1_000_000 },
    },
    (database) => change?.(database, (text) => known.there?.isIn(text) === true) ?? database,
  );
  const [a, b] = [`${relay.url}/sync/a`, `${relay.url}/sync/b`];
  const [real, unreal, bob] = await Promise.all([
    createValues(wholeCount),
    createValues(wholeCount),
    createClientNode(),
  ]);

  const alice = real.node;
  const token = String((await exchange(a, alice, await nonceOf(a))).body.token);
  const ticketBody = { ...proofOf(alice, await nonceOf(a), audienceOf(a)), scope: 'push' };
  const account = changesOf(alice, accountOf(alice));
  const rest = real.values.filter(({ id }) => id !== account[0]?.id);
  // Groups first.
  const inOrder = [...account, ...[...rest].reverse().flatMap(({ whole }) => whole), ...real.wholes.flat()];
  for (let start = 0; start < inOrder.length; start += 100)
    expect(await push(a, inOrder.slice(start, start + 100), withToken(token))).toMatchObject({ status: 200 });
  const { changes, cursor } = await pullAll(a, real.maps.slice(0, 50), {}, withToken(token));
  expect(changes.length).toBeGreaterThan(50);
  const given: Given = {
    ...{ token, cursor },
    ticket: String((await post(a, 'token', JSON.stringify(ticketBody))).body.token),
    channel: (await openHttpClient(relay.url, '/sync/a')).channel,
    nonce: () => nonceOf(a),
  };
  const there = sideOf(real, given);
  known.there = there;
  const sides: readonly [Side, Side] = [there, sideOf(unreal, forge(given))];

  const bobs = withToken((await exchange(b, bob, await nonceOf(b))).body.token);
  expect(await push(b, changesOf(bob, accountOf(bob)), bobs)).toMatchObject({ status: 200 });
  const clients = {
    'a WebSocket': await openByWebSocket(relay.url, bob, '/sync/b'),
    'an event stream': await openByStream(relay.url, bob, '/sync/b'),
  };
  for (const client of Object.values(clients)) void answerLoads(client);
  const pullBy = (query: Readonly<Record<string, string>>, headers = bobs) =>
    ask(`${b}/pull?${new URLSearchParams(query).toString()}`, { headers });
  const pushBy = (changes: readonly object[], headers = bobs) =>
    askJSON(b, { clientId: 'sw-1', since: null, collections: [], changes }, headers);
  const ownCursor = (await pullAll(b, [accountOf(bob)], {}, bobs)).cursor;
  const notices = async (fields: object): Promise<Send> => {
    const client = openNotices(b);
    await once(client.socket, 'open');
    return async () => {
      const startedMs = performance.now();
      client.send({ type: 'auth', clientId: 'watcher', ...fields });
      await once(client.socket, 'message');
      const tookMs = performance.now() - startedMs;
      return { text: withoutIDs(JSON.stringify([client.messages, await client.closed])), tookMs };
    };
  };

  const asks: Readonly<Record<string, Ask>> = {
    ...Object.fromEntries(
      Object.entries(clients).flatMap(([surface, client]) =>
        Object.entries(byConnection(client)).map(([name, one]) => [`${name} over ${surface}`, one]),
      ),
    ),
    'pull of IDs': ({ values }, ...numbers) => {
      const ids = numbers.map((number) => pick(values, number).id).join(',');
      return () => pullBy({ ids });
    },
    'pull of IDs since a cursor of B':
      ({ values }, first) =>
      () =>
        pullBy({ ids: pick(values, first).id, since: ownCursor }),
    'pull of a collection':
      ({ values }, first) =>
      () =>
        pullBy({ collection: pick(values, first).id }),
    'pull since a cursor of A':
      ({ values, given: { cursor: since } }, first) =>
      () =>
        pullBy({ ids: pick(values, first).id, since }),
    'pull since a cursor of A that names B': ({ values, given }, first) => {
      const since = changeCursor(given.cursor, (fields) => fields.with(2, 'b'));
      return () => pullBy({ ids: pick(values, first).id, since });
    },
    'push without a header':
      ({ values }, first) =>
      () =>
        pushBy([pick(values, first).edit]),
    'push without the group':
      ({ maps }, first) =>
      () =>
        pushBy(pick(maps, first).whole),
    'push of a copy': ({ nextWhole }) => {
      const whole = nextWhole();
      return () => pushBy(whole);
    },
    'notices of a collection': ({ values }, first) =>
      notices({ token: bobs.authorization.slice(7), collections: [pick(values, first).id] }),
    'notices with a token of A': ({ values, given }, first) =>
      notices({ token: given.token, collections: [pick(values, first).id] }),
    'pull with a token of A':
      ({ values, given }, first) =>
      () =>
        pullBy({ ids: pick(values, first).id }, withToken(given.token)),
    'push with a token of A':
      ({ maps, given }, first) =>
      () =>
        pushBy(pick(maps, first).whole, withToken(given.token)),
    'push with a ticket of A':
      ({ maps, given }, first) =>
      () =>
        pushBy(pick(maps, first).whole, withToken(given.ticket)),
    'proof with a nonce of A': async ({ given }) => {
      const proof = proofOf(bob, await given.nonce(), audienceOf(b));
      return () => askJSON(`${b}/token`, proof);
    },
    'request on a channel of A': ({ values, given }, first) => {
      const { id } = pick(values, first);
      const body = JSON.stringify({ action: 'load', id, header: false, sessions: {} });
      return () => ask(b, { method: 'POST', body, headers: { 'maia-channel': given.channel } });
    },
  };
  return { sides, asks, clients: Object.values(clients) };
}
