import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { openRawClient } from '../../../../test/support/relay/raw-client.ts';
import { serveStub } from '../../../../test/support/relay/serve-stub.ts';
import { plentyOfMemory } from '../../../../test/support/relay/plenty-of-memory.ts';
import { openRelay } from '../../../../test/support/relay/test-relay.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { readLimits } from '../../config/limits.ts';
import { minBytesPerSecond, watchIncomingFrame, type IncomingFrame } from './incoming-frame.ts';
import { until } from '../../../../test/support/until.ts';

/** A client, and what the server sees of the message that it has not finished. */
async function connect() {
  const clock = createFakeClock();
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const received: string[] = [];
  let frame: IncomingFrame | undefined;
  let arrivedBytes = 0;
  server.on('upgrade', (request, stream, head) =>
    sockets.handleUpgrade(request, stream, head, (socket) => {
      frame = watchIncomingFrame(stream, socket, clock);
      stream.on('data', ({ length }: Buffer) => void (arrivedBytes += length));
      for (const event of ['message', 'ping', 'pong']) socket.on(event, () => received.push(event));
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.terminate();
    server.close();
  });
  await once(client, 'open');
  await until(() => expect(frame).toBeDefined());
  const seen = frame as unknown as IncomingFrame;
  return {
    ...{ client, clock, received, frame: seen },
    async begin(bytes: number) {
      client.send('x'.repeat(bytes), { fin: false });
      await until(() => expect(arrivedBytes).toBeGreaterThan(bytes));
    },
    /** Whether the message came too slowly during 31 s. */
    isTooSlowLater() {
      clock.advance(31_000);
      return seen.isTooSlow(minBytesPerSecond);
    },
  };
}

it('[RELAY-33] an unfinished message that comes no further is too slow after 30 s, whatever pings come', async () => {
  const { client, begin, frame, received, isTooSlowLater, clock } = await connect();
  await begin(1_000_000);
  clock.advance(29_000);
  expect(frame.isTooSlow(minBytesPerSecond)).toBe(false);
  clock.advance(2_000);
  // 1 MB in 31 s.
  expect(frame.isTooSlow(minBytesPerSecond)).toBe(false);
  client.ping('x'.repeat(100));
  await until(() => expect(received).toEqual(['ping']));
  expect(isTooSlowLater()).toBe(true);
});

it('[RELAY-33] finished messages and pings are never too slow', async () => {
  const { client, begin, received, isTooSlowLater } = await connect();
  await begin(10);
  client.send('end');
  client.ping();
  client.pong('x'.repeat(125));
  await until(() => expect(received).toEqual(['message', 'ping', 'pong']));
  expect(isTooSlowLater()).toBe(false);
});

it('does not blame a client for what the relay did not read', async () => {
  const { begin, frame, isTooSlowLater, clock } = await connect();
  await begin(10);
  clock.advance(60_000);
  frame.restart();
  expect(frame.isTooSlow(minBytesPerSecond)).toBe(false);
  expect(isTooSlowLater()).toBe(true);
});

it('[RELAY-33] a relay refuses a message of more than 1,024 fragments', async () => {
  const relay = await openRelay();
  const { socket } = await openRawClient(relay.url);
  const closed = once(socket, 'close');
  for (let count = 0; count <= 1_024; count++) socket.send('x', { fin: false });
  expect((await closed)[0]).toBe(1008);
  await relay.close();
});

/** A connection whose unfinished message comes too slowly, or at this rate. */
function serveSlowClient(bytesPerSecond = 0, isScarce = false) {
  const incoming = { isTooSlow: (min: number) => bytesPerSecond < min, restart: vi.fn(), onChange() {} };
  const limits = readLimits({ bytesPerSecond: 1_000 });
  const served = serveStub({ incoming, limits, memory: { ...plentyOfMemory(), isScarce: () => isScarce } });
  return { ...served, incoming, isRefused: () => served.sent.join().includes('more slowly than 4000 bytes') };
}

it('[RELAY-33] a client whose message comes too slowly is refused, unless the relay does not read from it', () => {
  const slow = serveSlowClient();
  slow.connection.ping();
  expect(slow.isRefused()).toBe(true);

  const heldUp = serveSlowClient();
  heldUp.socket.emit('message', Buffer.from('\n'.repeat(4_000)), false);
  heldUp.connection.ping();
  expect(heldUp.isRefused()).toBe(false);
  expect(heldUp.incoming.restart).toHaveBeenCalledOnce();
});

it('[RELAY-33] a relay refuses a client that begins a message and then only pings', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const relay = await openRelay();
  const { socket, received } = await openRawClient(relay.url);
  socket.send('x', { fin: false });
  await once(socket, 'ping');
  // The client shows that it is alive before the relay looks again.
  vi.advanceTimersByTime(31_000);
  socket.ping();
  await once(socket, 'close');
  expect(received).toContainEqual(expect.objectContaining({ maia: 'refused', code: 'limit' }));
  await relay.close();
});

it('[RELAY-36] while memory is scarce, a message must come at 50 kB/s', () => {
  const isRefused = (isScarce: boolean) => {
    const { connection, sent } = serveSlowClient(10_000, isScarce);
    connection.ping();
    return sent.join().includes('more slowly than 50000 bytes');
  };
  expect([isRefused(false), isRefused(true)]).toEqual([false, true]);
});
