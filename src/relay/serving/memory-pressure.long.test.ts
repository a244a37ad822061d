import { request } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import type { RawCoMap } from 'cojson';
import type { Relay } from '../index.ts';
import { openHttpClient } from '../../../test/support/relay/http-client.ts';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import { createClientNode, createStockClient } from '../../../test/support/relay/stock-client.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { until } from '../../../test/support/until.ts';

const MB = 1_000_000;
const memoryMB = 60;

/** The bytes that count, by use. */
async function usesOf(relay: Relay): Promise<Record<string, number>> {
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  const lines = text.matchAll(/^maia_relay_memory_bytes\{use="(\w+)"\} (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, use = '', bytes]) => [use, Number(bytes)]));
}

async function connectionsOf({ url }: Relay): Promise<number> {
  return ((await (await fetch(`${url}/health`)).json()) as { connections: number }).connections;
}

async function usedBytes(relay: Relay): Promise<number> {
  const { limit: _, ...uses } = await usesOf(relay);
  return Object.values(uses).reduce((sum, bytes) => sum + bytes, 0);
}

/** A client that goes on with its edits, and the most memory that counted meanwhile. */
async function watch(relay: Relay) {
  const alice = await createStockClient(relay.url);
  const map = createSharedMap(alice);
  await confirmed(alice, map);
  const seen = { mostBytes: 0, edits: 0, isUnhealthy: false };
  const state = { hasEnded: false };
  async function run(): Promise<void> {
    while (!state.hasEnded) {
      map.set('count', ++seen.edits);
      await until(() => isConfirmed(alice, map));
      seen.mostBytes = Math.max(seen.mostBytes, await usedBytes(relay));
      const health = (await (await fetch(`${relay.url}/health`)).json()) as { reasons: string[] };
      seen.isUnhealthy ||= health.reasons.includes('memory');
    }
  }
  const running = run();
  onTestFinished(() => void (state.hasEnded = true));
  return {
    ...{ alice, map, seen },
    /** Throws if an edit was not confirmed. */
    async end() {
      state.hasEnded = true;
      await running;
    },
  };
}

const openMany = (count: number, { url }: Relay): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => openRawClient(url)));

const refusalsOf = (clients: readonly RawClient[]) =>
  clients.flatMap(({ received }) => received.filter(({ maia }) => maia === 'refused'));

it('[RELAY-37] unfinished messages stay below the limit, and their senders are refused', async () => {
  const relay = await startRelay({ memoryMB });
  const bystander = await watch(relay);
  const attackers = await openMany(10, relay);
  const part = Buffer.alloc(MB, 'x');
  for (let count = 0; count < 30; count++) {
    for (const { socket } of attackers) socket.send(part, { fin: false, binary: false });
  }
  // Their shares together take 70 %, so that it takes only some of them to go.
  await until(() => refusalsOf(attackers).length > 0 && attackers.some(({ closeCode }) => closeCode));
  const before = bystander.seen.edits;
  await until(() => bystander.seen.edits > before + 3);
  await bystander.end();
  expect(refusalsOf(attackers)[0]).toMatchObject({ code: 'limit', closing: true });
  expect(bystander.seen.mostBytes).toBeGreaterThan(0.5 * memoryMB * MB);
  expect(bystander.seen.mostBytes).toBeLessThan(memoryMB * MB);
  expect(bystander.seen.isUnhealthy).toBe(true);
});

it('[RELAY-37] content that waits for what it depends on stays below the limit', async () => {
  const stranger = await createClientNode();
  const contents = Array.from({ length: 4 }, () => {
    const map = createSharedMap(stranger);
    for (let count = 0; count < 9; count++) map.set(`${count}`, 'x'.repeat(900_000), 'trusting');
    return map.core.newContentSince(undefined) ?? [];
  });
  const relay = await startRelay({ memoryMB: 20 });
  const bystander = await watch(relay);
  const attackers = await openMany(contents.length, relay);
  attackers.forEach((attacker, index) => contents[index]?.forEach((content) => attacker.send(content)));
  await until(() => refusalsOf(attackers).some(({ closing }) => closing === true));
  await bystander.end();
  expect(bystander.seen.mostBytes).toBeGreaterThan(10 * MB);
  expect(bystander.seen.mostBytes).toBeLessThan(20 * MB);
});

it('[RELAY-37] messages to clients that do not read exceed the limit by one edit at most, until those are refused', async () => {
  const relay = await startRelay({ memoryMB });
  const bystander = await watch(relay);
  const { alice, seen } = bystander;
  const maps = Array.from({ length: 12 }, () => createSharedMap(alice));
  for (const map of maps) await confirmed(alice, map);
  const followers = await openMany(12, relay);
  for (const follower of followers) {
    for (const { id } of maps) follower.send({ action: 'load', id, header: false, sessions: {} });
    for (const { id } of maps) await follower.waitFor({ id });
    follower.socket.pause();
  }
  for (const map of maps) {
    map.set('large', 'x'.repeat(900_000), 'trusting');
    await until(() => isConfirmed(alice, map));
    // Clients count until they are gone.
    await until(async () => expect(await usedBytes(relay)).toBeLessThan(0.95 * memoryMB * MB));
  }
  await until(async () => expect(await connectionsOf(relay)).toBeLessThan(1 + followers.length));
  await bystander.end();
  for (const { socket } of followers) socket.resume();
  await until(() => followers.some(({ closeCode }) => closeCode !== undefined));
  expect(seen.mostBytes).toBeGreaterThan(0.5 * memoryMB * MB);
  expect(seen.mostBytes).toBeLessThan((memoryMB + followers.length) * MB);
});

it('[RELAY-35] counts what has arrived of a request over HTTP', async () => {
  const relay = await startRelay();
  const { channel } = await openHttpClient(relay.url);
  const upload = request(`${relay.url}/sync`, { method: 'POST', headers: { 'maia-channel': channel } });
  upload.on('error', () => {});
  upload.write('x'.repeat(500_000));
  const unfinished = async () => (await usesOf(relay))['unfinished'];
  // Each chunk counts a little more than its length.
  await expect.poll(unfinished).toBeGreaterThanOrEqual(500_000);
  upload.destroy();
  await expect.poll(unfinished).toBe(0);
});

it('[RELAY-36] clients still get the edits of CoValues that were evicted for lack of memory', async () => {
  const storage = `pglite:${await createStorage()}`;
  const relay = await startRelay({ memoryMB: 10, storage });
  const alice = await createStockClient(relay.url);
  const bob = await createStockClient(relay.url);
  const map = createSharedMap(alice);
  map.set('word', 'first');
  await confirmed(alice, map);
  const bobsMap = (await bob.load(map.id)) as RawCoMap;
  expect(bobsMap.get('word')).toBe('first');
  const before = (await usesOf(relay))['loaded'] ?? 0;
  expect(before).toBeGreaterThan(0);
  const others: RawCoMap[] = [];
  for (let count = 0; count < 40; count++) {
    const other = createSharedMap(alice);
    other.set('text', 'x'.repeat(90_000), 'trusting');
    others.push(other);
    await until(() => isConfirmed(alice, other));
  }
  expect((await usesOf(relay))['loaded']).toBeLessThan(7 * MB);
  map.set('word', 'second');
  await until(() => bobsMap.get('word') === 'second');
  bobsMap.set('word', 'third');
  await until(() => map.get('word') === 'third');
  await until(() => isConfirmed(bob, bobsMap));
  const carol = await createStockClient(relay.url);
  const carolsMap = (await carol.load(others[0]?.id ?? map.id)) as RawCoMap;
  expect(carolsMap.get('text')).toHaveLength(90_000);
});
