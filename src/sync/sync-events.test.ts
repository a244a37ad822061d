import { expect, it } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import { createSyncEvents } from './sync-events.ts';

const turn = () => Promise.resolve();

function setUp() {
  const events = createSyncEvents();
  const seen: string[] = [];
  events.tap(({ event, detail }) => seen.push(`${event} ${JSON.stringify(detail)}`));
  return { events, seen };
}

it('notifies listeners after the turn in which something happens', async () => {
  const { events, seen } = setUp();
  const received: unknown[] = [];
  events.on('connect', (detail) => received.push(detail));
  events.emit('connect', { peerID: 'r' });
  expect([seen.length, received.length]).toEqual([0, 0]);
  await turn();
  expect(seen).toEqual(['connect {"peerID":"r"}']);
  expect(received).toEqual([{ peerID: 'r' }]);
});

it('[LADDER-10] delivers one event to all listeners before the next one, even if a listener causes it', async () => {
  const { events } = setUp();
  const order: string[] = [];
  events.on('connect', () => {
    order.push('connect 1');
    events.emit('sync', { peerID: 'r', id: 'co_z1' });
  });
  events.on('connect', () => order.push('connect 2'));
  events.on('sync', ({ id }) => order.push(`sync ${id}`));
  events.on('eose', () => order.push('eose'));
  events.emit('connect', { peerID: 'r' });
  events.emit('eose', { peerID: 'r' });
  await turn();
  expect(order).toEqual(['connect 1', 'connect 2', 'eose', 'sync co_z1']);
});

it('reports a turn’s changes together, by origin, before later events', async () => {
  const { events, seen } = setUp();
  events.changed('co_z1', 'local');
  events.changed('co_z2', 'local');
  events.changed('co_z1', 'local');
  events.changed('co_z3', 'relay');
  events.emit('sync', { peerID: 'r', id: 'co_z3' });
  await turn();
  expect(seen).toEqual([
    'change {"ids":["co_z1","co_z2"],"origin":"local"}',
    'change {"ids":["co_z3"],"origin":"relay"}',
    'sync {"peerID":"r","id":"co_z3"}',
  ]);
});

it('reports to an outdated app which version is required', async () => {
  const { events, seen } = setUp();
  const error = createKernelError('APP_OUTDATED', 'x', { details: { required: '2.0.0', have: '1.0.0' } });
  events.refused('r', undefined, error);
  await turn();
  expect(seen.map((line) => line.split(' ')[0])).toEqual(['refused', 'outdated']);
  expect(seen[1]).toBe('outdated {"peerID":"r","required":"2.0.0","have":"1.0.0"}');
});

it('a removed listener receives nothing more, and no listener does after the end', async () => {
  const { events, seen } = setUp();
  const received: string[] = [];
  const stop = events.on('eose', ({ peerID }) => received.push(peerID));
  events.emit('eose', { peerID: 'a' });
  await turn();
  stop();
  events.emit('eose', { peerID: 'b' });
  events.close();
  events.emit('eose', { peerID: 'c' });
  await turn();
  expect(received).toEqual(['a']);
  expect(seen).toHaveLength(2);
});
