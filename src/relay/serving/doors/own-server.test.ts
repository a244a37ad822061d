import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../../../test/support/until.ts';
import { openOwnServer } from './own-server.ts';

it('takes no more connections from one address than its clients and 100 others need', async () => {
  const limits = { connections: 1_000, connectionsPerAddress: 2, firstFrameMs: 30_000 };
  const front = { answer() {}, upgrade() {} };
  const door = await openOwnServer('127.0.0.1', 0, front, limits, () => {});
  onTestFinished(() => door.close());
  let closed = 0;
  async function open() {
    const socket = connect(door.port, '127.0.0.1').resume();
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => closed++);
    await once(socket, 'connect');
    return socket;
  }
  const [first] = await Promise.all(Array.from({ length: 104 }, open));
  await open();
  await until(() => closed === 1);
  first?.destroy();
  await until(() => closed === 2);
  // The place of the first is free again once the server has noticed.
  await until(async () => {
    const before = closed;
    const socket = await open();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(closed).toBe(before);
    expect(socket.destroyed).toBe(false);
  });
});
