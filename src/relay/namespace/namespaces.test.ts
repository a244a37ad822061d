import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDevice, type AskedDevice } from '../../../test/support/auth/asked-devices.ts';
import { openHttpClient } from '../../../test/support/relay/http-client.ts';
import { noMetrics } from '../../../test/support/relay/no-metrics.ts';
import { plentyOfMemory } from '../../../test/support/relay/plenty-of-memory.ts';
import { createStubSocket } from '../../../test/support/relay/serve-stub.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { surfaces, type SurfaceClient } from '../../../test/support/relay/surfaces.ts';
import { push } from '../../../test/support/relay/stateless-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { createSharedMap, loadMap, openRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createReadTurns } from '../client/reading/read-turns.ts';
import { readLimits } from '../config/limits.ts';
import type { Database } from '../database/database.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import type { RelayOptions } from '../index.ts';
import { createRestrictions } from '../operator/restrictions.ts';
import { createStatelessSurface } from '../stateless/surface.ts';
import { createNamespaces } from './namespaces.ts';

/** A map with its group and account, as messages. */
async function createContent() {
  const node = await createClientNode();
  const map = createSharedMap(node);
  const { group, core } = map;
  return {
    id: map.id,
    messages: [node.expectCurrentAccount('a device has one').core, group.core, core].flatMap(
      (coValue) => coValue.newContentSince(undefined) ?? [],
    ),
  };
}

const load = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const acknowledged = (client: SurfaceClient, id: string) =>
  until(() =>
    expect(client.received).toContainEqual(expect.objectContaining({ action: 'known', id, header: true })),
  );

/** All that a client receives for a load, with the ID left out. */
async function answerTo(client: SurfaceClient, id: string): Promise<string> {
  const before = client.received.length;
  await client.send(load(id));
  await until(() => expect(client.received.length).toBeGreaterThan(before));
  return JSON.stringify(client.received.slice(before)).replaceAll(id, 'ID');
}

const apps: RelayOptions = { storage: 'memory:', appIDs: ['a', 'b'] };

describe.each(Object.keys(surfaces) as (keyof typeof surfaces)[])('[RELAY-70] over %s', (surface) => {
  const open = surfaces[surface];

  it('what is in one namespace is in no other one, whatever a client knows of it', async () => {
    const relay = await startRelay(apps);
    const [a, b, none] = await Promise.all(
      ['/sync/a', '/sync/b', '/sync'].map((path) => open(relay.url, path)),
    );
    const storageIDs = [a, b, none].map((client) => (client?.received[0]?.storage as { id: string }).id);
    expect(new Set(storageIDs).size).toBe(3);
    const { id, messages } = await createContent();
    for (const message of messages) await a?.send(message);
    await acknowledged(a as SurfaceClient, id);
    const unknown = await createContent();
    for (const client of [b, none] as SurfaceClient[])
      expect(await answerTo(client, id)).toBe(await answerTo(client, unknown.id));
    const other = await open(relay.url, '/sync/a');
    await other.send(load(id));
    await until(() =>
      expect(other.received).toContainEqual(expect.objectContaining({ action: 'content', id })),
    );
  });

  it('a client of an app without a namespace is refused, and nothing is created for it', async () => {
    const relay = await startRelay(apps);
    const client = await open(relay.url, '/sync/c');
    expect(client.received[0]).toMatchObject({ maia: 'refused', code: 'forbidden', closing: true });
    expect(client.received[0]?.reason).toContain('does not serve the app "c"');
  });
});

it('[RELAY-70] a channel is of no use at the path of another app', async () => {
  const relay = await startRelay(apps);
  const { channel } = await openHttpClient(relay.url, '/sync/a');
  const headers = { 'maia-channel': channel };
  const statuses = await Promise.all(
    ['/sync/b', '/sync', '/sync/c', '/sync/a'].map(async (path) => {
      const { status } = await fetch(`${relay.url}${path}`, { method: 'POST', headers, body: '{}' });
      return status;
    }),
  );
  expect(statuses).toEqual([410, 410, 410, 204]);
});

it('[CONN-23] [RELAY-70] devices with an `appID` sign in at the namespace of the app, and share what is in it', async () => {
  const relay = await startRelay({ ...apps, auth: { account: true } });
  const [one, two, other] = await Promise.all(
    ['a', 'a', 'b'].map((appID) => openDevice(relay.url, 'account', appID)),
  );
  const map = createSharedMap((one as AskedDevice).node);
  await one?.sync.whenConfirmed();
  expect((await loadMap((two as AskedDevice).node, map)).get('word')).toBe('first');
  expect(await (other as AskedDevice).node.load(map.id)).toBe('unavailable');
});

it('[RELAY-70] without apps, the path of one is none of the relay', async () => {
  const relay = await startRelay({ storage: 'memory:' });
  const { status } = await fetch(`${relay.url}/sync/a`, { headers: { accept: 'text/event-stream' } });
  expect(status).toBe(404);
});

it('[RELAY-70] other paths are none of a namespace', async () => {
  const relay = await startRelay(apps);
  for (const path of ['A', '-a', 'a/b', '', 'a'.repeat(64), 'a_b', '%61'])
    expect([path, (await fetch(`${relay.url}/sync/${path}`)).status]).toEqual([path, 404]);
});

it.each([['A'], ['a_b'], [''], ['a'.repeat(64)]])(
  '[RELAY-70] %j is refused as the ID of an app',
  async (appID) => {
    await expect(startRelay({ storage: 'memory:', appIDs: [appID] })).rejects.toMatchObject({
      code: 'RELAY_SETTING_INVALID',
    });
  },
);

it('[RELAY-70] two apps have different schemas, however long their IDs are', async () => {
  const long = 'a'.repeat(62);
  const relay = await startRelay({ storage: 'memory:', appIDs: [`${long}b`, `${long}c`] });
  const clients = await Promise.all(['b', 'c'].map((end) => openRawClient(relay.url, `/sync/${long}${end}`)));
  const ids = clients.map(({ received }) => (received[0]?.storage as { id: string }).id);
  expect(new Set(ids).size).toBe(2);
});

/** The namespaces `a` and `b`, of which none is open yet. */
async function openNamespaces(change = (database: Database) => database) {
  const clock = createFakeClock();
  // Edits of the test are dated by the real one.
  clock.jump(Date.now() - clock.nowMs());
  const database = await openMemoryDatabase({ template: await memoryTemplate() });
  onTestFinished(() => database.close());
  const on = { began() {}, ended() {}, changed() {} };
  const restrictions = createRestrictions({
    ...{ database, clock, logger: silentLogger, on },
    accountIDOf: (agentID) => agentID,
  });
  onTestFinished(restrictions.stop);
  const shared = {
    restrictions,
    quotas: undefined,
    ...{ clock, logger: silentLogger, limits: readLimits(), turns: createReadTurns(), random: () => 0.5 },
    ...{
      crypto: await WasmCrypto.create(),
      memory: plentyOfMemory(),
      signInMethodsOf: undefined,
      signInLimits: { signInFailed() {}, signInRefusal: () => undefined, countLookup: () => undefined },
      trapped() {},
      ending: () => undefined,
      isAudience: () => false,
    },
    measuresOf: noMetrics.of,
  };
  const namespaces = createNamespaces(change(database), shared, { appIDs: ['a', 'b'] });
  onTestFinished(() => namespaces.drain(0));
  const minutes = (count: number) => {
    for (let minute = 0; minute < count; minute++) clock.advance(60_000);
  };
  return { namespaces, minutes };
}

it('[RELAY-71] a namespace that no client has used for five minutes is closed, and opened again with its content', async () => {
  const { namespaces, minutes } = await openNamespaces();
  await namespaces.open(undefined);
  expect(await namespaces.prepare('a')).toBe(true);
  expect(namespaces.all()).toHaveLength(2);
  minutes(4);
  const a = namespaces.find('a');
  const socket = createStubSocket();
  a?.serve({ id: 'client-1', socket, incoming: undefined, address: '', ended: () => a.left('client-1') });
  minutes(6);
  expect(namespaces.find('a')).toBeDefined();
  socket.emit('close');
  minutes(4);
  expect(namespaces.find('a')).toBeDefined();
  minutes(1);
  expect(namespaces.find('a')).toBeUndefined();
  expect(namespaces.all()).toHaveLength(1);
  expect(await namespaces.prepare('a')).toBe(true);
  expect(namespaces.find('a')).toBeDefined();
  expect(namespaces.find('b')).toBeUndefined();
});

it('[RELAY-71] a namespace is not closed while a request is answered, and five minutes after it at the earliest', async () => {
  let isStuck = false;
  const stuck: (() => void)[] = [];
  const { namespaces, minutes } = await openNamespaces((database) => ({
    ...database,
    async transaction(run, options) {
      if (isStuck) await new Promise<void>((resolve) => stuck.push(resolve));
      return database.transaction(run, options);
    },
  }));
  const surface = createStatelessSurface({
    async enter(appID) {
      await namespaces.prepare(appID);
      const namespace = namespaces.find(appID);
      return { tools: namespace?.stateless, end: namespace?.hold() ?? expect.unreachable };
    },
    origins: { allows: () => true, refused() {} },
    ...{ addressOf: () => '', limits: readLimits(), clock: systemClock },
    logger: silentLogger,
  });
  const server = createServer((request, response) => {
    surface.answer(request, response, { appID: 'a', part: 'sync' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect((await push(url, [])).status).toBe(200);
  const opened = namespaces.find('a');
  isStuck = true;
  const answer = push(url, (await createContent()).messages);
  await until(() => expect(stuck).toHaveLength(1));
  minutes(10);
  expect(namespaces.find('a')).toBe(opened);
  isStuck = false;
  for (const goOn of stuck) goOn();
  expect((await answer).status).toBe(200);
  await surface.idle();
  minutes(4);
  expect((await push(url, [])).status).toBe(200);
  await surface.idle();
  minutes(4);
  expect(namespaces.find('a')).toBe(opened);
  minutes(1);
  expect(namespaces.find('a')).toBeUndefined();
});

describePostgres('two relays on one PostgreSQL', () => {
  it('[RELAY-70] pass on what is committed in a namespace within that namespace alone', async () => {
    const storage = await createPostgres();
    const relays = await Promise.all([1, 2].map(() => startRelay({ storage, appIDs: ['a', 'b'] })));
    const [writer, reader, other] = await Promise.all([
      openRawClient(relays[0]?.url ?? '', '/sync/a'),
      openRawClient(relays[1]?.url ?? '', '/sync/a'),
      openRawClient(relays[1]?.url ?? '', '/sync/b'),
    ]);
    const { id, messages } = await createContent();
    for (const client of [reader, other]) {
      client.send(load(id));
      await client.waitFor({ action: 'known', id, header: false });
    }
    for (const message of messages) writer.send(message);
    await reader.waitFor({ action: 'content', id });
    expect(other.received.filter((frame) => frame.id === id)).toHaveLength(1);
  });

  it('[RELAY-70] whose tables are in different schemas share the tables of no app', async () => {
    const storage = await createPostgres();
    const admin = new pg.Client({ connectionString: storage });
    await admin.connect();
    await admin.query('create schema maia_a; create schema staging');
    await admin.end();
    const ids = new Set<unknown>();
    for (const schema of ['maia_a', 'staging', 'public']) {
      const at = `${storage}?options=-c%20search_path%3D${schema}`;
      const relay = await startRelay({ storage: at, appIDs: ['a'] });
      for (const path of ['/sync', '/sync/a']) {
        const { received } = await openRawClient(relay.url, path);
        ids.add((received[0]?.storage as { id: string }).id);
      }
    }
    expect(ids.size).toBe(6);
  });
});

it('[RELAY-71] a namespace that cannot be opened delays no stop of the relay, and its clients are refused', async () => {
  let isStuck = false;
  let waiting = 0;
  const relay = await openRelay({ ...apps, drainMs: 1_000 }, (database) => ({
    ...database,
    transaction(run, options) {
      if (!isStuck) return database.transaction(run, options);
      waiting++;
      return new Promise(() => {});
    },
  }));
  isStuck = true;
  const answer = fetch(`${relay.url}/sync/a`, { headers: { accept: 'text/event-stream' } });
  await until(() => expect(waiting).toBe(1));
  // Without a limit, it would wait forever.
  await relay.close();
  expect((await answer).status).toBe(503);
});
