import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { changesBy, pull, push } from '../../../test/support/relay/stateless-client.ts';
import { createWriter } from '../../../test/support/relay/stateless-writer.ts';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { startGatedRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import type { Relay } from '../index.ts';
import { createRelayOn } from '../relay.ts';

/** Stores a map of some megabytes. */
async function storeLong({ url }: Relay, megabytes: number) {
  const { node, map, all } = await createWriter();
  await push(url, all());
  const edits = changesBy(node, map, () => {
    for (let index = 0; index < 10 * megabytes; index++) map.set(`word ${index}`, 'x'.repeat(75_000));
  });
  expect((await push(url, edits)).status).toBe(200);
  return map;
}

function open({ port }: Relay) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const received = { text: '', isClosed: false };
  socket.once('close', () => (received.isClosed = true));
  return { socket, received };
}

/** Collects what the relay sends. */
function opened(relay: Relay) {
  const { socket, received } = open(relay);
  socket.on('data', (data) => (received.text += data.toString()));
  return { socket, received };
}

const pullOf = (id: string) => `GET /sync/pull?ids=${id} HTTP/1.1\r\nhost: x\r\n\r\n`;

function beginPush(socket: Socket, length: number, start: string, headers = '') {
  socket.write(
    `POST /sync HTTP/1.1\r\nhost: x\r\n${headers}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${start}`,
  );
}

async function memoryOf({ url }: Relay, use: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`memory_bytes{use="${use}"} (\\S+)`).exec(text)?.[1]);
}

const statusesIn = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);

describe('an answer that its client does not read', () => {
  it('[RELAY-68] counts as memory until it is read', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const map = await storeLong(relay, 8);
    const { socket } = open(relay);
    socket.pause().write(pullOf(map.id));
    await until(async () => expect(await memoryOf(relay, 'outgoing')).toBeGreaterThan(5_000_000));
    socket.resume();
    await until(async () => expect(await memoryOf(relay, 'outgoing')).toBe(0));
  });

  it('[RELAY-68] is cut off after a while', async () => {
    const clock = createFakeClock();
    const relay = await createRelayOn(
      async () => openMemoryDatabase({ template: await memoryTemplate() }),
      { port: 0, storage: 'memory:', logger: silentLogger },
      clock,
    );
    onTestFinished(relay.close);
    const map = await storeLong(relay, 8);
    const { socket, received } = open(relay);
    socket.pause().write(pullOf(map.id));
    await until(async () => expect(await memoryOf(relay, 'outgoing')).toBeGreaterThan(5_000_000));
    await until(async () => {
      clock.advance(10_000);
      expect(await memoryOf(relay, 'outgoing')).toBe(0);
    });
    socket.resume();
    await until(() => received.isClosed);
  });

  it('[RELAY-68] is cut off if the relay is short of memory', async () => {
    const relay = await startRelay({ storage: 'memory:', memoryMB: 60 });
    const map = await storeLong(relay, 5);
    await until(async () => {
      open(relay).socket.pause().write(pullOf(map.id));
      expect((await pull(relay.url, [map])).status).toBe(429);
    });
    expect(await memoryOf(relay, 'outgoing')).toBeLessThan(60_000_000);
  });

  it('[RELAY-68] takes no place of its address', async () => {
    const relay = await startRelay({ storage: 'memory:', limits: { requestsPerAddress: 1 } });
    const map = await storeLong(relay, 8);
    open(relay).socket.pause().write(pullOf(map.id));
    await until(async () => expect(await memoryOf(relay, 'outgoing')).toBeGreaterThan(5_000_000));
    expect((await pull(relay.url, [map], { limit: '1' })).status).toBe(200);
  });

  it('[RELAY-68] comes alone: a second request on its connection is refused', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const { map, all } = await createWriter();
    await push(relay.url, all());
    const { socket, received } = opened(relay);
    socket.write(pullOf(map.id).repeat(3));
    await once(socket, 'close');
    expect(statusesIn(received.text)).toEqual(['200', '429']);
    const { socket: other, received: answers } = opened(relay);
    for (const count of [1, 2]) {
      other.write(pullOf(map.id));
      await until(() => expect(answers.text.match(/"more":false}\n/g)).toHaveLength(count));
    }
    expect(statusesIn(answers.text)).toEqual(['200', '200']);
  });
});

it('[RELAY-68] an address has at most 32 pushes and 32 pulls at once, in all apps together', async () => {
  const { relay, gate } = await startGatedRelay({ storage: 'memory:', appIDs: ['one', 'two'] }, 'ahead');
  const { all, map } = await createWriter();
  const urls = ['one', 'two'].map((app) => `${relay.url}/sync/${app}`);
  for (const url of urls) await push(url, all().slice(0, 1));
  gate.close();
  let isOpen = false;
  const early: number[] = [];
  const pushes = urls.flatMap((url) =>
    Array.from({ length: 20 }, async () => {
      const { status } = await push(url, all());
      if (!isOpen) early.push(status);
      return status;
    }),
  );
  await until(() => expect(early).toHaveLength(8));
  expect((await pull(urls[0] ?? '', [map])).status).toBe(200);
  isOpen = true;
  gate.open();
  const statuses = await Promise.all(pushes);
  expect(early).toEqual(Array.from({ length: 8 }, () => 429));
  expect(statuses.filter((status) => status === 200)).toHaveLength(32);
});

/** A relay whose reads wait while `isOpen` is false. */
async function startWaiting() {
  const waiting: (() => void)[] = [];
  const gate = {
    isOpen: true,
    waiting,
    open() {
      gate.isOpen = true;
      for (const goOn of waiting.splice(0)) goOn();
    },
  };
  const relay = await startRelay({ storage: 'memory:' }, (database) => ({
    ...database,
    async query(sql, parameters) {
      if (!gate.isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
      return database.query(sql, parameters);
    },
  }));
  onTestFinished(gate.open);
  return { relay, gate };
}

describe('a request that waits for its turn', () => {
  it('[RELAY-68] is refused when the relay stops, and so is one that is worked on', async () => {
    const { relay, gate } = await startWaiting();
    const { map, all } = await createWriter();
    await push(relay.url, all());
    gate.isOpen = false;
    const early: string[] = [];
    const codeOf = async () => (await pull(relay.url, [map])).body.error as { code: string } | undefined;
    const pulls = Array.from({ length: 5 }, () => codeOf().then((error) => early.push(String(error?.code))));
    await until(() => expect(gate.waiting).toHaveLength(2));
    // The others have arrived, too, once one that comes after them is answered.
    await fetch(`${relay.url}/metrics`);
    const closing = relay.close();
    await until(() => expect(early).toEqual(['draining', 'draining', 'draining']));
    gate.open();
    await Promise.all(pulls);
    expect(early).toEqual(Array.from({ length: 5 }, () => 'draining'));
    await closing;
  });

  it('[RELAY-68] is forgotten when its client goes', async () => {
    const { relay, gate } = await startWaiting();
    const { all } = await createWriter();
    gate.isOpen = false;
    const pushes = [push(relay.url, all()), push(relay.url, all())];
    await until(() => expect(gate.waiting).toHaveLength(2));
    const ofTwo = await memoryOf(relay, 'received');
    const { socket } = opened(relay);
    const body = JSON.stringify({ changes: all() });
    beginPush(socket, body.length, body);
    await until(async () => expect(await memoryOf(relay, 'received')).toBeGreaterThan(ofTwo));
    socket.destroy();
    await until(async () => expect(await memoryOf(relay, 'received')).toBe(ofTwo));
    gate.open();
    for (const one of pushes) expect((await one).status).toBe(200);
  });
});

it('[RELAY-68] a refusal reaches a client that still sends its body', async () => {
  const relay = await startRelay({ storage: 'memory:', limits: { messageBytes: 1_000_000 } });
  const { socket, received } = opened(relay);
  beginPush(socket, 5_000_000, ' '.repeat(1_000_000));
  await until(() => expect(received.text).toContain('too-large'));
  for (let count = 0; count < 4; count++)
    await new Promise<void>((resolve, reject) => {
      socket.write(' '.repeat(1_000_000), (error) => (error ? reject(error) : resolve()));
    });
  await until(() => received.isClosed);
  expect(statusesIn(received.text)).toEqual(['413']);
  expect(received.text).toMatch(/connection: close/i);
});

describe('a body that does not arrive', () => {
  it('[RELAY-68] is refused at once if the relay is short of memory', async () => {
    const relay = await startRelay({ storage: 'memory:', memoryMB: 20 });
    const clients = Array.from({ length: 4 }, () => opened(relay));
    for (const { socket } of clients) beginPush(socket, 9_900_000, ' '.repeat(9_500_000));
    await until(() => clients.some(({ received }) => received.isClosed));
    const refused = clients.filter(({ received }) => received.isClosed);
    for (const { received } of refused) {
      if (received.text === '') continue;
      expect(statusesIn(received.text)).toEqual(['429']);
      expect(received.text).toMatch(/connection: close/i);
    }
    await until(async () => expect(await memoryOf(relay, 'unfinished')).toBeLessThan(20_000_000));
  });

  it('[RELAY-68] does not delay the end of the relay', async () => {
    const relay = await startRelay({ storage: 'memory:', drainMs: 600_000 });
    const { socket, received } = opened(relay);
    beginPush(socket, 100, '{"chan');
    await until(async () => expect(await memoryOf(relay, 'unfinished')).toBeGreaterThan(0));
    await relay.close();
    expect(statusesIn(received.text)).toEqual(['503']);
    expect(received.text).toContain('draining');
  });

  it('[RELAY-69] stores nothing if its user is blocked meanwhile', async () => {
    const key = await createSigningKey('key');
    const { url: jwksUrl } = await openIdentityServer(key);
    const { relay, act } = await startAdministeredRelay({ auth: { jwksUrl } });
    const { map, all } = await createWriter();
    const body = JSON.stringify({ changes: all() });
    const { socket, received } = opened(relay);
    beginPush(socket, body.length, body.slice(0, 100), `authorization: Bearer ${await signToken(key)}\r\n`);
    await until(async () => expect(await memoryOf(relay, 'unfinished')).toBeGreaterThan(0));
    await act('block', { id: '["","user-1"]', reason: 'Spam' });
    socket.write(body.slice(100));
    await until(() => expect(received.text).toContain('\r\n\r\n{'));
    expect(statusesIn(received.text)).toEqual(['403']);
    const other = { authorization: `Bearer ${await signToken(key, { sub: 'user-2' })}` };
    expect((await pull(relay.url, [map], {}, other)).body.serverChanges).toEqual([]);
  });
});
