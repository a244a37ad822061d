import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

/** Sends frames byte by byte as it likes, and answers no close frame. */
async function openTcp(port: number): Promise<{ socket: Socket; isClosed(): boolean }> {
  const socket = connect(port, '127.0.0.1');
  let isClosed = false;
  socket.on('error', () => {});
  socket.on('close', () => (isClosed = true));
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(
    `GET /sync HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.resume();
  return { socket, isClosed: () => isClosed };
}

/** The head of a masked text frame whose mask is zero. */
function headOf(length: number): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt16BE(0x81ff);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

it('[RELAY-55] a client that was refused before it was in cannot go on filling the memory of the relay', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const { socket, isClosed } = await openTcp(relay.port);
  socket.write(Buffer.concat([headOf(39_000_000), Buffer.alloc(30_000, 120)]));
  let taken = 0;
  await until(() => {
    if (!isClosed() && taken < 20_000_000)
      socket.write(Buffer.alloc(1_000_000, 120), () => (taken += 1_000_000));
    expect(isClosed() || taken >= 20_000_000).toBe(true);
  });
  const metrics = await (await fetch(`${relay.url}/metrics`)).text();
  const unfinished = Number(/maia_relay_memory_bytes\{use="unfinished"\} (\d+)/.exec(metrics)?.[1] ?? 0);
  expect([taken < 20_000_000, unfinished]).toEqual([true, 0]);
});

it('[RELAY-55] a client that was refused before it was in is not read on for half a minute', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const { socket, isClosed } = await openTcp(relay.port);
  const empty = Buffer.from([0x81, 0x80, 0, 0, 0, 0]);
  // No `auth`, so it is refused.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x82, 0, 0, 0, 0]), Buffer.from('{}')]));
  let taken = 0;
  await until(() => {
    if (!isClosed() && taken < 3_000_000)
      socket.write(Buffer.concat(Array<Buffer>(50_000).fill(empty)), () => (taken += 300_000));
    expect(isClosed() || taken >= 3_000_000).toBe(true);
  });
  expect(taken).toBeLessThan(3_000_000);
});
