import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { createRelay, type Relay } from '../index.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import {
  confirmed,
  createSharedMap,
  readHealth,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const storage = 'memory:';
const connections = async (relay: Relay) => (await readHealth(relay)).body.connections;

/** Opens a WebSocket and returns its first message and its close code. */
function dial(relay: Relay, options: ClientOptions = {}) {
  const socket = new WebSocket(`${relay.url}/sync`, options);
  onTestFinished(() => socket.terminate());
  const first = new Promise<Record<string, unknown>>((resolve, reject) => {
    socket.once('message', (data: Buffer) =>
      resolve(JSON.parse(data.toString('utf8')) as Record<string, unknown>),
    );
    socket.once('error', reject);
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  return { socket, first, closed };
}

async function dialBare(relay: Relay, text: string): Promise<Socket> {
  const socket = connect(relay.port, '127.0.0.1');
  // A relay that closes during a write breaks the pipe.
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const upgrade =
  'GET /sync HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

describe('a relay', () => {
  it('[RELAY-11] refuses clients while it is full, and accepts one once another disconnects', async () => {
    const relay = await startRelay({ storage, limits: { connections: 2 } });
    const [one] = [await openRawClient(relay.url), await openRawClient(relay.url)];
    const late = dial(relay);
    expect(await late.first).toMatchObject({
      maia: 'refused',
      code: 'limit',
      closing: true,
      retryAfterMs: expect.any(Number) as number,
    });
    expect(await late.closed).toBe(1013);
    one?.socket.close();
    await until(async () => expect(await connections(relay)).toBe(1));
    expect(await dial(relay).first).toMatchObject({ maia: 'hello' });
  });

  it('counts by address and trusts only the nearest proxy', async () => {
    const relay = await startRelay({ storage, trustProxy: true, limits: { connectionsPerAddress: 1 } });
    const from = (forwarded: string) => dial(relay, { headers: { 'x-forwarded-for': forwarded } }).first;
    expect(await from('10.0.0.1')).toMatchObject({ maia: 'hello' });
    expect(await from('10.0.0.2, 10.0.0.1')).toMatchObject({ maia: 'refused', code: 'limit' });
    expect(await from('10.0.0.2')).toMatchObject({ maia: 'hello' });
  });

  it('ignores forwarded addresses by default', async () => {
    const relay = await startRelay({ storage, limits: { connectionsPerAddress: 1 } });
    await openRawClient(relay.url);
    const other = dial(relay, { headers: { 'x-forwarded-for': '10.0.0.2' } });
    expect(await other.first).toMatchObject({ maia: 'refused', code: 'limit' });
  });

  it('[RELAY-12] accepts only pages of the given origins', async () => {
    const relay = await startRelay({ storage, origins: ['https://app.example.org'] });
    expect(await dial(relay, { origin: 'https://app.example.org' }).first).toMatchObject({ maia: 'hello' });
    expect(await dial(relay).first).toMatchObject({ maia: 'hello' });
    for (const origin of ['https://example.org', 'http://app.example.org', 'null']) {
      await expect(dial(relay, { origin }).first).rejects.toThrow('403');
    }
  });

  it.each(['app.example.org', 'https://app.example.org/', '*', ''])(
    'refuses the origin "%s"',
    async (origin) => {
      await expect(createRelay({ storage, port: 0, origins: [origin] })).rejects.toMatchObject({
        code: 'RELAY_SETTING_INVALID',
      });
    },
  );

  it('disconnects a silent client and keeps one that has sent a message', async () => {
    const relay = await startRelay({ storage, limits: { firstFrameMs: 300 } });
    const speaking = await openRawClient(relay.url);
    speaking.send({ maia: 'hi', v: 1, kernel: '0.0.0' });
    const silent = await openRawClient(relay.url);
    await silent.waitFor({ maia: 'refused', code: 'limit', closing: true });
    await until(() => expect(silent.closeCode).toBe(1008));
    expect(speaking.closeCode).toBeUndefined();
  });

  it('does not wait for slow handshakes', async () => {
    const relay = await startRelay({ storage, limits: { firstFrameMs: 300 } });
    const slow = await dialBare(relay, upgrade.slice(0, 60));
    slow.resume();
    await until(() => expect(slow.readableEnded || slow.destroyed).toBe(true));
  });

  it('allocates no memory for a frame of 1 GB', async () => {
    const relay = await startRelay({ storage });
    const alice = await createStockClient(relay.url);
    const before = process.memoryUsage();
    const socket = await dialBare(relay, upgrade);
    await once(socket, 'data');
    const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    header.writeBigUInt64BE(1_000_000_000n, 2);
    socket.resume();
    socket.write(Buffer.concat([header, Buffer.alloc(100_000, 'x')]));
    await until(() => expect(socket.readableEnded || socket.destroyed).toBe(true));
    const { external, arrayBuffers } = process.memoryUsage();
    expect(external + arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(50_000_000);
    await confirmed(alice, createSharedMap(alice));
  });

  it('forgets 1,500 connections that open and drop while another client works', async () => {
    const relay = await startRelay({ storage });
    const alice = await createStockClient(relay.url);
    for (let round = 0; round < 15; round++) {
      const sockets = await Promise.all(
        Array.from({ length: 100 }, (_, index) => dialBare(relay, index % 4 === 0 ? '' : upgrade)),
      );
      await confirmed(alice, createSharedMap(alice));
      for (const [index, socket] of sockets.entries()) {
        if (index % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
      }
    }
    await until(async () => expect(await connections(relay)).toBe(1));
  });
});
