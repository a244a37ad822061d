import { LocalNode, type AgentSecret, type RawCoID, type RawGroup } from 'cojson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prove } from '../../../../test/support/auth/prove.ts';
import { openRawClient } from '../../../../test/support/relay/raw-client.ts';
import { crypto } from '../../../../test/support/relay/stock-client.ts';
import { surfaces, type Frame, type SurfaceClient } from '../../../../test/support/relay/surfaces.ts';
import { openRelay, startRelay } from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';
import { assert } from '../../../base/assert.ts';
import { silentLogger } from '../../../base/logger.ts';
import { sessionsOf, type Content } from '../../../engine/content.ts';
import type { Relay, RelayOptions } from '../../config/relay-options.ts';
import { createAgentLookup, maxLookupBytes, maxLookupLoads } from './agent-lookup.ts';

interface Agent {
  readonly secret: AgentSecret;
  readonly node: LocalNode;
  readonly group: RawGroup;
}

const load = (id: RawCoID) => ({ action: 'load', id, header: false, sessions: {} });
const notFound = (id: RawCoID) => ({ action: 'known', id, header: false, sessions: {} });
const contentOf = (node: LocalNode, id: RawCoID): readonly Content[] =>
  node.expectCoValueLoaded(id).newContentSince() ?? [];

/** What its agent alone can make, like the entry of a passkey: the relay has no account of it. */
function createAgent(): Agent {
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  return { secret, node, group: node.createGroup() };
}

const asking = { storage: 'memory:', auth: { account: true } } as const;
let shared: Relay;
beforeAll(async () => {
  shared = await openRelay({ ...asking, inspect: true, limits: { lookupsPerMinute: 1_000 } });
});
afterAll(() => shared.close());

async function setUp(options?: RelayOptions) {
  const relay = options ? await startRelay({ ...asking, ...options }) : shared;

  async function opened(secret: AgentSecret, scope?: 'lookup', open = surfaces['a WebSocket']) {
    const client = await open(relay.url);
    const { received } = client;
    await client.send(prove(secret, { url: relay.url, received }, scope && { scope }));
    await until(() => expect(received.length).toBeGreaterThan(1));
    return client;
  }

  const someone = await opened(crypto.newRandomAgentSecret());

  /** Someone who has signed in puts it there. */
  async function store(node: LocalNode, ...ids: readonly RawCoID[]): Promise<void> {
    for (const content of ids.flatMap((id) => contentOf(node, id))) {
      someone.send(content);
      await until(() => expect(someone.received.some((frame) => acknowledges(frame, content))).toBe(true));
    }
  }
  return { relay, opened, store };
}

function acknowledges({ action, id, sessions }: Frame, content: Content): boolean {
  const counts = sessions as Readonly<Record<string, number>>;
  return (
    action === 'known' &&
    id === content.id &&
    sessionsOf(content).every(
      ([sessionID, { after, newTransactions }]) => counts[sessionID] === after + newTransactions.length,
    )
  );
}

/** What it gets before the answer to this. */
async function untilEchoed(client: SurfaceClient, t = 1) {
  await client.send({ maia: 'echo', t });
  await until(() => expect(client.received).toContainEqual({ maia: 'echoed', t }));
  return client.received.slice(2).filter((frame) => frame.maia !== 'echoed');
}

async function refusalOf(client: SurfaceClient) {
  await until(() => expect(client.received.at(-1)).toMatchObject({ maia: 'refused', closing: true }));
  return client.received.at(-1)?.code;
}

describe.each(Object.keys(surfaces) as (keyof typeof surfaces)[])(
  '[RELAY-60] over %s, a client that has proved an agent',
  (surface) => {
    it('gets what the agent made, and what that owns, and nothing live', async () => {
      const { opened, store } = await setUp();
      const { secret, node, group } = createAgent();
      const map = group.createMap({ entry: 'first' });
      await store(node, group.id, map.id);
      const client = await opened(secret, 'lookup', surfaces[surface]);
      expect(client.received[1]).toMatchObject({ maia: 'welcome', principal: 'lookup' });
      expect(client.received[1]).not.toHaveProperty('accountID');
      await client.send(load(map.id));
      await until(() => expect(client.received).toHaveLength(4));
      expect(client.received.slice(2)).toMatchObject([
        contentOf(node, group.id)[0],
        contentOf(node, map.id)[0],
      ]);
      map.set('entry', 'second');
      await store(node, map.id);
      await client.send(load(map.id));
      await client.send(load(group.id));
      const got = (await untilEchoed(client)).map(({ id }) => id);
      // The owner comes first, but only once unless it is asked for.
      expect(got).toEqual([group.id, map.id, map.id, group.id]);
    });

    it('gets nothing of others, which is as if it were not stored', async () => {
      const { opened, store } = await setUp();
      const [{ secret, group: own, node: ownNode }, { node, group }] = [createAgent(), createAgent()];
      const map = group.createMap({ word: 'secret' });
      group.addMember('everyone', 'reader');
      const child = node.createGroup();
      child.extend(group);
      // A role in a group does not make it the agent's own.
      group.set(crypto.getAgentID(secret), 'admin', 'trusting');
      await store(ownNode, own.id);
      await store(node, group.id, map.id, child.id);
      const client = await opened(secret, 'lookup', surfaces[surface]);
      const unknown = 'co_z2222222222222222222222222222222' as RawCoID;
      const ids = [map.id, group.id, child.id, unknown];
      for (const id of ids) await client.send(load(id));
      await until(() => expect(client.received).toHaveLength(2 + ids.length));
      expect(client.received.slice(2)).toEqual(ids.map(notFound));
    });

    it('may not write, compare or query, and leaves nothing behind', async () => {
      const { opened, store } = await setUp();
      const { secret, node, group } = createAgent();
      const map = group.createMap({ entry: 'first' });
      await store(node, group.id);
      const messages = [
        contentOf(node, map.id)[0] as Content,
        { action: 'reconcile', id: 'batch-1', values: [[group.id, 'hash']] },
        { maia: 'inspect', ask: 1, id: group.id },
      ];
      for (const message of messages) {
        const client = await opened(secret, 'lookup', surfaces[surface]);
        await client.send(message);
        expect(await refusalOf(client)).toBe('forbidden');
      }
      const client = await opened(secret, 'lookup', surfaces[surface]);
      await client.send(load(map.id));
      await until(() => expect(client.received.slice(2)).toEqual([notFound(map.id)]));
    });
  },
);

describe('[RELAY-60] a client that has proved an agent', () => {
  it('gets of a removed passkey only that it was removed', async () => {
    const { opened, store } = await setUp();
    const { secret, node, group } = createAgent();
    const map = group.createMap({ entry: 'sealed' }, null, 'trusting');
    await store(node, group.id, map.id);
    node.expectCoValueLoaded(map.id).deleteCoValue();
    await store(node, map.id);
    const client = await opened(secret, 'lookup');
    client.send(load(map.id));
    await untilEchoed(client);
    const deletion = client.received.find(({ id }) => id === map.id) as unknown as Content;
    expect(Object.keys(deletion.new)).toEqual([expect.stringMatching(/\$$/)]);
    const reader = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
    for (const content of [...contentOf(node, group.id), deletion])
      reader.syncManager.handleNewContent(content, 'import');
    expect(reader.expectCoValueLoaded(map.id).isDeleted).toBe(true);
  });

  it(`may load ${maxLookupLoads} times`, async () => {
    const { opened, store } = await setUp();
    const { secret, node, group } = createAgent();
    await store(node, group.id);
    const client = await opened(secret, 'lookup');
    // In one frame, so that they could all run at once.
    const loads = (count: number) =>
      Array.from({ length: count }, () => JSON.stringify(load(group.id))).join('\n');
    client.send(loads(maxLookupLoads));
    expect(await untilEchoed(client)).toHaveLength(maxLookupLoads);
    client.send(loads(2));
    expect(await refusalOf(client)).toBe('limit');
    expect(client.received.at(-1)?.reason).toContain(`${maxLookupLoads} times`);
    expect(client.received.at(-1)?.retryAfterMs).toBeGreaterThan(0);
  });

  it(`gets ${maxLookupBytes} bytes`, async () => {
    const { opened, store } = await setUp();
    const { secret, node, group } = createAgent();
    const map = group.createMap();
    for (let piece = 0; piece < 4; piece++) map.set(`piece ${piece}`, 'x'.repeat(80_000));
    await store(node, group.id, map.id);
    const client = await opened(secret, 'lookup');
    client.send(load(map.id));
    expect(await refusalOf(client)).toBe('limit');
    expect(JSON.stringify(client.received.slice(2, -1)).length).toBeLessThan(maxLookupBytes);
    expect(client.received.at(-1)?.reason).toContain(`${maxLookupBytes} bytes`);
  });

  it('then signs in as its account on the same connection, and gets all of it, live', async () => {
    const { opened, store, relay } = await setUp();
    const { secret, node, group } = createAgent();
    const map = group.createMap({ entry: 'first' });
    const other = createAgent();
    await store(node, group.id, map.id);
    await store(other.node, other.group.id);
    const client = await opened(secret, 'lookup');
    client.send(load(map.id));
    await until(() => expect(client.received).toHaveLength(4));
    const { received } = client;
    client.send(prove(crypto.newRandomAgentSecret(), { url: relay.url, received }));
    client.send(load(other.group.id));
    client.send(load(map.id));
    await until(() => expect(received.filter(({ id }) => id === map.id)).toHaveLength(2));
    expect(received[4]).toMatchObject({ maia: 'welcome', principal: 'account' });
    expect(received).toContainEqual(expect.objectContaining({ action: 'content', id: other.group.id }));
    map.set('entry', 'second');
    await store(node, map.id);
    await until(() => expect(received.filter(({ id }) => id === map.id)).toHaveLength(3));
  });

  it('is not let in beyond the limit of its address', async () => {
    const { opened, relay } = await setUp({ limits: { lookupsPerMinute: 1 } });
    const { secret } = createAgent();
    await opened(secret, 'lookup');
    expect(await refusalOf(await opened(secret, 'lookup'))).toBe('limit');
    const account = await openRawClient(relay.url);
    account.send(prove(secret, { url: relay.url, received: account.received }));
    await account.waitFor({ maia: 'welcome', principal: 'account' });
  });

  it('must run an app that is new enough', async () => {
    const { opened } = await setUp({ minAppVersion: '2.0.0' });
    const { secret, group } = createAgent();
    const client = await opened(secret, 'lookup');
    client.send(load(group.id));
    expect(await refusalOf(client)).toBe('outdated');
    const current = await opened(secret, 'lookup');
    current.send({ maia: 'hi', v: 1, kernel: '1.0.0', appVersion: '2.0.0' });
    current.send(load(group.id));
    await until(() => expect(current.received.at(-1)).toEqual(notFound(group.id)));
  });
});

it('[RELAY-62] sends nothing more of what is taken down while it is read', async () => {
  const { node, group } = createAgent();
  const [piece] = contentOf(node, group.id);
  assert(piece?.header, 'the first piece has the header');
  const { header } = piece;
  let isTakenDown = false;
  async function* pieces() {
    yield await Promise.resolve(piece as Content);
    isTakenDown = true;
    yield piece as Content;
  }
  const whole = { isDeleted: false, isStreamed: true, isPartial: false, bytes: 0 };
  const stored = { header, ...whole, pieces: pieces() };
  const sent: unknown[] = [];
  await new Promise<void>((answered) => {
    createAgentLookup({
      agentID: node.getCurrentAgent().id,
      storage: { readContent: () => Promise.resolve(stored) },
      isTakenDown: () => isTakenDown,
      send: (message) => void sent.push(message),
      ...{ logger: silentLogger, holds() {}, refuse() {}, answered },
    }).take({ action: 'load', id: group.id, header: false, sessions: {} });
  });
  expect(sent).toEqual([piece]);
});
