import type { LocalNode, RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { openIdentityServer } from '../../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../../test/support/auth/signing-key.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  pull,
  pullAll,
  push,
} from '../../../../test/support/relay/stateless-client.ts';
import { withToken } from '../../../../test/support/relay/stateless-sign-in.ts';
import { createClientNode } from '../../../../test/support/relay/stock-client.ts';
import { surfaces, type Frame, type SurfaceClient } from '../../../../test/support/relay/surfaces.ts';
import { createSharedMap, startRelay } from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';
import type { Content, CoValueHeader } from '../../../engine/content.ts';
import type { Relay } from '../../config/relay-options.ts';

const absent = 'co_z2222222222222222222222222222222';
const load = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const notFound = (id: string) => ({ action: 'known', id, header: false, sessions: {} });

/** Only the writer may load or send these. */
const forbidden = new Set<string>([absent]);
let relay: Relay;
let key: Awaited<ReturnType<typeof createSigningKey>>;
let writer: Readonly<Record<string, string>>;
/** Each is a user of its own. */
let users = 0;

beforeEach(async () => {
  key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  relay = await startRelay({
    ...{ storage: 'memory:', inspect: true, auth: { jwksUrl } },
    authorize: ({ claims, id }) => (claims as { sub: string }).sub === 'writer' || !forbidden.has(id),
  });
  writer = withToken(await signToken(key, { sub: 'writer' }));
});

const tokenOfUser = () => signToken(key, { sub: `user ${++users}` });
const userHeaders = async () => withToken(await tokenOfUser());

async function openClient(surface: keyof typeof surfaces): Promise<SurfaceClient> {
  const client = await surfaces[surface](relay.url);
  await client.send({ maia: 'auth', method: 'jwt', token: await tokenOfUser() });
  await until(() => expect(client.received[1]).toMatchObject({ maia: 'welcome' }));
  return client;
}

interface Written {
  readonly node: LocalNode;
  readonly map: RawCoMap;
  /** Of its account, the group and the map. */
  readonly all: readonly Content[];
}

async function write(): Promise<Written> {
  const node = await createClientNode();
  const map = createSharedMap(node);
  return { node, map, all: changesOf(node, accountOf(node), map.group, map) };
}

/** At the relay, with its account and its group. */
async function store(): Promise<Written> {
  const written = await write();
  expect(await push(relay.url, written.all, writer)).toMatchObject({ status: 200 });
  return written;
}

const pullByWriter = async (map: RawCoMap) =>
  JSON.stringify((await pullAll(relay.url, [map], {}, writer)).changes);

/** What the client gets for these messages, without the `hello`, once it is quiet. */
async function answersTo(client: SurfaceClient, messages: readonly object[], id: string): Promise<string> {
  for (const message of messages) await client.send(message);
  // It is answered after all of them.
  const last = (await store()).map.id;
  await client.send(load(last));
  await until(() =>
    expect(client.received).toContainEqual(expect.objectContaining({ action: 'content', id: last })),
  );
  const isOfLast = (frame: Frame) => JSON.stringify(frame).includes(id);
  return client.received
    .slice(2)
    .filter(isOfLast)
    .map((frame) => JSON.stringify(frame))
    .sort()
    .join('\n')
    .replaceAll(id, 'ID');
}

describe.each(Object.keys(surfaces) as (keyof typeof surfaces)[])('over %s', (surface) => {
  it('[RELAY-81] what a client may not load is answered like what is not there, however it asks', async () => {
    const { map, node } = await store();
    const group = map.group.id;
    for (const id of [map.id, group]) forbidden.add(id);
    const sessions = node.expectCoValueLoaded(map.id).knownState().sessions;
    const messagesAbout = (id: string) => [
      load(id),
      { ...load(id), header: true, sessions },
      { ...notFound(id), header: true, sessions, isCorrection: true },
      { ...notFound(id), header: true, sessions },
      notFound(id),
      { action: 'reconcile', id: 'batch', values: [[id, 'hash']] },
      { maia: 'inspect', ask: 1, id },
    ];
    const ask = async (id: string) => answersTo(await openClient(surface), messagesAbout(id), id);
    const about = await ask(absent);
    expect(about).toContain('"action":"known","id":"ID","header":false,"sessions":{}');
    expect(about).toContain('"maia":"inspected","ask":1,"id":"ID","known":null');
    expect(await ask(map.id)).toBe(about);
    expect(await ask(group)).toBe(about);
  });

  it('[RELAY-81] content of it is refused, and names no difference to what is not there', async () => {
    const [stored, other] = [await store(), await write()];
    forbidden.add(stored.map.id).add(other.map.id);
    await push(relay.url, changesOf(other.node, accountOf(other.node), other.map.group), writer);
    const send = async ({ map, node }: Written) => {
      const client = await openClient(surface);
      const edit = changesBy(node, map, () => map.set('word', 'changed', 'trusting'));
      const text = await answersTo(client, [...changesOf(node, map), ...edit], map.id);
      return text.replaceAll(node.currentSessionID, 'SESSION');
    };
    const refused = await send(stored);
    expect(JSON.parse(refused.split('\n')[0] ?? '')).toMatchObject({
      ...{ maia: 'refused', code: 'forbidden', id: 'ID', sessionID: 'SESSION', closing: false },
    });
    expect(refused.split('\n')).toHaveLength(1);
    expect(await send(other)).toBe(refused);
    expect(await pullByWriter(other.map)).toBe('[]');
    expect(await pullByWriter(stored.map)).not.toContain('changed');
  });

  it('[RELAY-81] what a CoValue depends on goes along with it, and its acknowledgements count', async () => {
    const { map, node } = await store();
    const account = accountOf(node).id;
    forbidden.add(map.group.id).add(account);
    const client = await openClient(surface);
    await client.send(load(map.group.id));
    await client.send(load(account));
    await client.send(load(map.id));
    await until(() =>
      expect(client.received).toContainEqual(expect.objectContaining({ action: 'content', id: map.id })),
    );
    const received = client.received.slice(2).map(({ action, id }) => [action, id]);
    expect(received.slice(0, 2)).toEqual([
      ['known', map.group.id],
      ['known', account],
    ]);
    expect(new Set(received.slice(2).map(([, id]) => id))).toEqual(new Set([map.group.id, account, map.id]));
    // By now it has it, so it may name it.
    await client.send(load(account));
    await until(() =>
      expect(client.received.filter(({ id, header }) => id === account && header !== false)).toHaveLength(2),
    );
  });

  it('[RELAY-81] nobody gets what is forbidden by a CoValue that depends on it', async () => {
    const { map } = await store();
    forbidden.add(map.id).add(map.group.id);
    const attacker = await createClientNode();
    const own = attacker.createGroup();
    const plain = own.createMap({ word: 'mine' });
    own.set(`parent_${map.group.id}`, 'extend', 'trusting');
    await push(relay.url, changesOf(attacker, accountOf(attacker)), writer);
    const [piece] = changesOf(attacker, plain);
    const headers = [
      { ...piece?.header, ruleset: { type: 'ownedByGroup', group: map.group.id } },
      { ...piece?.header, ruleset: { type: 'ownedByGroup', group: map.id } },
      { ...piece?.header, meta: { source: map.id, branch: 'one', ownerId: own.id } },
    ].map((header) => header as CoValueHeader);
    const made = headers.map((header) => attacker.createCoValue(header).id);
    const client = await openClient(surface);
    const plants = [
      ...changesOf(attacker, own),
      ...made.map((id, index) => ({
        ...{ action: 'content', id, header: headers[index], priority: 3, new: {} },
      })),
    ];
    for (const plant of plants) await client.send(plant);
    await until(() =>
      expect(client.received.filter(({ code }) => code === 'forbidden')).toHaveLength(plants.length),
    );
    for (const id of [own.id, ...made]) await client.send(load(id));
    const text = await answersTo(client, [], map.id);
    expect(client.received).toEqual(expect.arrayContaining(made.map(notFound)));
    expect(text).toBe('');
    expect(JSON.stringify(client.received)).not.toContain(`"action":"content","id":"${map.group.id}"`);
  });
});

describe('[RELAY-81] without a connection', () => {
  it('a push or a pull of what is forbidden is refused, and nothing else of it is stored or given', async () => {
    const [{ map, node }, other] = [await store(), await write()];
    forbidden.add(map.id);
    const user = await userHeaders();
    const edit = changesBy(node, map, () => map.set('word', 'changed', 'trusting'));
    const refusedPush = await push(relay.url, [...other.all, ...edit], user);
    expect(refusedPush).toMatchObject({ status: 403, body: { error: { code: 'forbidden' }, ids: [map.id] } });
    expect(await pullByWriter(other.map)).toBe('[]');
    const unknown = { ...edit[0], id: absent } as Content;
    const refusedUnknown = await push(relay.url, [...other.all, unknown], user);
    const textOf = ({ body }: { readonly body: object }, id: string) =>
      JSON.stringify(body).replaceAll(id, 'ID');
    expect(textOf(refusedUnknown, absent)).toBe(textOf(refusedPush, map.id));
    const refusedPull = await pull(relay.url, [map, map.group], {}, user);
    expect(refusedPull).toMatchObject({ status: 403, body: { error: { code: 'forbidden' }, ids: [map.id] } });
    expect(textOf(await pull(relay.url, [absent, map.group], {}, user), absent)).toBe(
      textOf(refusedPull, map.id),
    );
  });

  it('a pull gives what the pulled CoValues depend on, and a push may not name what is forbidden', async () => {
    const { map, node } = await store();
    forbidden.add(map.group.id).add(accountOf(node).id);
    const { changes } = await pullAll(relay.url, [map], {}, await userHeaders());
    expect(new Set(changes.map(({ id }) => id))).toEqual(new Set([map.group.id, accountOf(node).id, map.id]));
    const attacker = await createClientNode();
    const own = attacker.createGroup();
    own.set(`parent_${map.group.id}`, 'extend', 'trusting');
    const planted = await push(relay.url, changesOf(attacker, accountOf(attacker), own), await userHeaders());
    expect(planted).toMatchObject({ status: 403, body: { ids: [own.id] } });
  });
});
