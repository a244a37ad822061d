import { expect, it } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import { createSyncEvents } from './sync-events.ts';

const turn = () => Promise.resolve();

function setUp() {
  const events = createSyncEvents();
  const told: string[] = [];
  events.tap(({ event, detail }) => told.push(`${event} ${JSON.stringify(detail)}`));
  return { events, told };
}

it('tells nobody in the turn in which something happens, and then everybody', async () => {
  const { events, told } = setUp();
  const heard: unknown[] = [];
  events.on('connect', (detail) => heard.push(detail));
  events.emit('connect', { peerID: 'r' });
  expect([told.length, heard.length]).toEqual([0, 0]);
  await turn();
  expect(told).toEqual(['connect {"peerID":"r"}']);
  expect(heard).toEqual([{ peerID: 'r' }]);
});

it('delivers one event to everybody before the next one, also those that a listener brings about', async () => {
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

it('tells what changed in a turn together, by origin, before what came after it', async () => {
  const { events, told } = setUp();
  events.changed('co_z1', 'local');
  events.changed('co_z2', 'local');
  events.changed('co_z1', 'local');
  events.changed('co_z3', 'relay');
  events.emit('sync', { peerID: 'r', id: 'co_z3' });
  await turn();
  expect(told).toEqual([
    'change {"ids":["co_z1","co_z2"],"origin":"local"}',
    'change {"ids":["co_z3"],"origin":"relay"}',
    'sync {"peerID":"r","id":"co_z3"}',
  ]);
});

it('says of an app that is too old what is needed', async () => {
  const { events, told } = setUp();
  const error = createKernelError('APP_OUTDATED', 'x', { details: { required: '2.0.0', have: '1.0.0' } });
  events.refused('r', undefined, error);
  await turn();
  expect(told.map((line) => line.split(' ')[0])).toEqual(['refused', 'outdated']);
  expect(told[1]).toBe('outdated {"peerID":"r","required":"2.0.0","have":"1.0.0"}');
});

it('a listener that has ended hears nothing more, and after the end nobody does', async () => {
  const { events, told } = setUp();
  const heard: string[] = [];
  const stop = events.on('eose', ({ peerID }) => heard.push(peerID));
  events.emit('eose', { peerID: 'a' });
  await turn();
  stop();
  events.emit('eose', { peerID: 'b' });
  events.close();
  events.emit('eose', { peerID: 'c' });
  await turn();
  expect(heard).toEqual(['a']);
  expect(told).toHaveLength(2);
});
