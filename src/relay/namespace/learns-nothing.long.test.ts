import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { openSignedInClient } from '../../../test/support/auth/signed-in-client.ts';
import { openHttpClient } from '../../../test/support/relay/http-client.ts';
import { openNotices } from '../../../test/support/relay/notice-client.ts';
import { signedRank } from '../../../test/support/relay/signed-rank.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  pullAll,
  push,
} from '../../../test/support/relay/stateless-client.ts';
import {
  audienceOf,
  exchange,
  nonceOf,
  post,
  proofOf,
  withToken,
} from '../../../test/support/relay/stateless-sign-in.ts';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import type { Frame } from '../../../test/support/relay/surfaces.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { createRandom } from '../../base/seeded-random.ts';
import type { Content } from '../../engine/content.ts';
import type { Database, Query } from '../database/database.ts';

/**
 * Each pair is one request to app B about what app A has, and the same about what is nowhere. The answers must be alike, and it
 * must be chance which of the two takes longer, however fast the machine is. In CI, each kind of request has 60 pairs. A full
 * run has 10,000 in all, for each database:
 * `MAIA_PAIRS=10000 npx vitest run --config test/long/vitest.config.ts --project long src/relay/namespace/learns-nothing`
 */
const pairCount = Number(process.env['MAIA_PAIRS'] ?? 29 * 60);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
const valueCount = 200;
/** Chance exceeds it once in two million times. */
const maxDeviations = 5;

/** Much longer than a busy machine takes. */
const lateMs = 60_000;

/** A CoValue with what a client could know of it. */
interface Value {
  readonly id: string;
  readonly sessions: Readonly<Record<string, number>>;
  readonly whole: readonly Content[];
  /** Its last edit alone, without the header. */
  readonly edit: Content;
}

/** What a client of B asks for: what is in A, or the like that is nowhere. */
interface Side {
  readonly values: readonly Value[];
  /** Without the group that each needs. */
  readonly maps: readonly Value[];
  readonly given: Given;
  /** All of a map, with another account each time. */
  nextWhole(): readonly Content[];
  /** Whether this is about something of this side. */
  isIn(text: string): boolean;
}

/** What A gave its account. On the other side, it is forged. */
interface Given {
  readonly token: string;
  readonly ticket: string;
  readonly channel: string;
  readonly cursor: string;
  nonce(): Promise<string>;
}

async function createValues(wholeCount: number) {
  const node = await createClientNode();
  function valueOf({ id }: { readonly id: string }, edit: () => void): Value {
    const [last] = changesBy(node, { id }, edit);
    const { sessions } = node.getCoValue(id as Content['id']).knownState();
    return { id, sessions, whole: changesOf(node, { id }), edit: last ?? expect.unreachable('No edit.') };
  }
  const maps: Value[] = [];
  const groups: Value[] = [];
  for (let count = 0; count < valueCount; count++) {
    const map = createSharedMap(node);
    maps.push(valueOf(map, () => map.set('word', 'second')));
    groups.push(valueOf(map.group, () => map.group.addMember('everyone', 'reader')));
  }
  const account = valueOf(accountOf(node), () =>
    node.expectCurrentAccount('A client has an account.').set('profile', 'co_zNone' as never, 'trusting'),
  );
  const wholes: (readonly Content[])[] = [];
  for (let count = 0; count < wholeCount; count++) {
    const other = await createClientNode();
    const map = createSharedMap(other);
    wholes.push(changesOf(other, accountOf(other), map.group, map));
  }
  return { node, values: [...maps, ...groups, account], maps, wholes };
}

type Values = Awaited<ReturnType<typeof createValues>>;

function sideOf({ values, maps, wholes }: Values, given: Given): Side {
  const ids = new Set([...values.map(({ id }) => id), ...wholes.flat().map(({ id }) => id)]);
  const left = [...wholes];
  return {
    ...{ values, maps, given },
    nextWhole: () => left.pop() ?? expect.unreachable('All are pushed.'),
    isIn: (text) => (text.match(/co_z\w+/g) ?? []).some((id) => ids.has(id.replace(/_session.*/, ''))),
  };
}

/** Of the same form, and signed by no relay. */
const forgeSignature = (text: string) =>
  text.replace(/[\w-]{43}$/, () => randomBytes(32).toString('base64url'));

function forge(given: Given): Given {
  return {
    token: forgeSignature(given.token),
    ticket: forgeSignature(given.ticket),
    channel: randomBytes(16).toString('base64url'),
    cursor: changeCursor(given.cursor, (fields) => fields.with(1, randomBytes(12).toString('base64url'))),
    nonce: async () => forgeSignature(await given.nonce()),
  };
}

function changeCursor(cursor: string, change: (fields: readonly string[]) => readonly string[]): string {
  const fields = Buffer.from(cursor, 'base64url').toString('utf8').split('.');
  return Buffer.from(change(fields).join('.')).toString('base64url');
}

interface Answer {
  /** All of it, except for IDs and what else is another each time. */
  readonly text: string;
  readonly tookMs: number;
}

/** IDs, signatures and hashes become alike, and so do cursors, which count the transactions of the database. */
function withoutIDs(text: string): string {
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

/** What is in each answer of the kind: that there is no such thing, in the form that fits. */
const expected: Readonly<Record<string, string>> = {
  load: '"known","id":"co_z","header":false',
  'load of the rest': '"known","id":"co_z","header":false',
  known: '"known","id":"co_z","header":false',
  inspect: '"known":null',
  reconcile: '"load","id":"co_z","header":false',
  'content without a header': '"known":null',
  'content without its group': '"known":null',
  'pull of IDs': '\\"serverChanges\\":[],',
  'pull of IDs since a cursor of B': '\\"serverChanges\\":[],',
  'pull of a collection': '[403,',
  'pull since a cursor of A': '[400,',
  'pull since a cursor of A that names B': '[410,',
  'push without a header': '[422,',
  'push without the group': '[422,',
  'push of a copy': '[200,',
  'notices of a collection': '4403]',
  'notices with a token of A': '4401]',
  'pull with a token of A': '[401,',
  'push with a token of A': '[401,',
  'push with a ticket of A': '[401,',
  'proof with a nonce of A': '[401,',
  'request on a channel of A': '[410,',
};

/** Prepares a request, and returns how to send it. The numbers are random ones in [0, 1), the same for both sides. */
type Ask = (side: Side, first: number, second: number) => Send | Promise<Send>;
type Send = () => Promise<Answer>;

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
async function setUp(
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

/**
 * Sends each request to both sides, in random order, and returns the answers and how much longer those about A took. Each kind
 * has the same number of pairs.
 */
async function askBoth(
  { sides, asks }: Awaited<ReturnType<typeof setUp>>,
  names: readonly string[],
  pairs: number,
) {
  const random = createRandom(seed);
  const seen = new Map(
    names.map((name) => [name, { texts: [[], []] as [string[], string[]], longerMs: [] as number[] }]),
  );
  for (let count = 0; count < pairs; count++) {
    const name = names[count % names.length] as string;
    const [first, second] = [random(), random()];
    const order = random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const);
    const prepared: Send[] = [];
    for (const index of order)
      prepared[index] = (await asks[name]?.(sides[index], first, second)) ?? expect.unreachable();
    const answers: Answer[] = [];
    for (const index of order) answers[index] = (await prepared[index]?.()) ?? expect.unreachable();
    const [there, nowhere] = answers as [Answer, Answer];
    const of = seen.get(name);
    of?.texts[0].push(there.text);
    of?.texts[1].push(nowhere.text);
    of?.longerMs.push(there.tookMs - nowhere.tookMs);
  }
  return seen;
}

function countEach(texts: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

async function learnsNothing(storage: string): Promise<void> {
  // One kind of request pushes these.
  const all = await setUp(storage, Math.ceil(pairCount / 20));
  const { sides, asks, clients } = all;
  const seen = await askBoth(all, Object.keys(asks), pairCount);
  for (const [name, { texts }] of seen) {
    const answer = expected[name.replace(/ over .*/, '')] ?? '';
    for (const text of texts[1]) expect([name, text]).toEqual([name, expect.stringContaining(answer)]);
    expect([name, countEach(texts[0])]).toEqual([name, countEach(texts[1])]);
  }
  // How often the relay asks for what content lacks depends on when it gave up the time before.
  const frames = ({ isIn }: Side) =>
    clients.map(({ received }) => {
      const texts = received.map((frame) => JSON.stringify(frame)).filter(isIn);
      return [...new Set(texts.map(withoutIDs))].sort();
    });
  // It gives up half a minute after the first content.
  await until(() => {
    const [there, nowhere] = [frames(sides[0]), frames(sides[1])];
    for (const texts of there) expect(texts).toContainEqual(expect.stringContaining('"refused"'));
    expect(there).toEqual(nowhere);
  }, 90_000);
  const deviations = [...seen].map(([name, { texts, longerMs }]) => ({
    ...{ name, z: signedRank(longerMs), count: longerMs.length, answers: new Set(texts[0]).size },
  }));
  for (const { name, z, count, answers } of deviations)
    process.stdout.write(`${name}: ${count} pairs, ${answers} answers, z ${z.toFixed(2)}\n`);
  const overall = signedRank([...seen.values()].flatMap(({ longerMs }) => longerMs));
  process.stdout.write(`all: z ${overall.toFixed(2)}\n`);
  expect(deviations.filter(({ z }) => Math.abs(z) >= maxDeviations)).toEqual([]);
  expect(Math.abs(overall)).toBeLessThan(maxDeviations);
}

const timeout = 600_000 + 200 * pairCount;

it(
  `[RELAY-70] on PGlite, ${pairCount} pairs of requests for what another app has learn nothing`,
  { timeout },
  () => learnsNothing('memory:'),
);
describePostgres('on PostgreSQL', () => {
  it(
    `[RELAY-70] ${pairCount} pairs of requests for what another app has learn nothing`,
    { timeout },
    async () => learnsNothing(await createPostgres()),
  );
});

/** A database that takes a millisecond longer for whatever is about something in A. */
function leaking(database: Database, isInA: (text: string) => boolean): Database {
  const slower =
    (query: Query): Query =>
    async (sql, parameters) => {
      if (isInA(JSON.stringify(parameters ?? []))) await delay(1);
      return query(sql, parameters);
    };
  return {
    ...database,
    query: slower(database.query),
    transaction: (run, options) => database.transaction((query) => run(slower(query)), options),
  };
}

it('a database read that takes 1 ms longer for what another app has would show', { timeout }, async () => {
  const all = await setUp('memory:', 0, leaking);
  const names = Object.keys(all.asks).filter((name) => /^(inspect|load|pull of)/.test(name));
  const seen = await askBoth(all, names, 1_000);
  const deviations = signedRank([...seen.values()].flatMap(({ longerMs }) => longerMs));
  process.stdout.write(`with a leak: z ${deviations.toFixed(2)}\n`);
  expect(deviations).toBeGreaterThan(maxDeviations);
});
