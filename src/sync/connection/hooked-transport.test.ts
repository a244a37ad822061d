import { expect, test } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Transport } from '../../transport/transport.ts';
import { createChannelHooks, hookedTransport } from './hooked-transport.ts';
import type { ChannelMoment } from '../inspection.ts';

const url = new URL('wss://relay.example/sync');
const error = createKernelError('RELAY_UNREACHABLE', 'gone');

/** Echoes each frame in capitals, and closes on "bye". */
function answering(name: string): Transport {
  return {
    name,
    open(_, on) {
      on.opened();
      return {
        send: (text) => (text === 'bye' ? on.closed(error) : on.received(text.toUpperCase())),
        bufferedBytes: 7,
        close: () => on.closed(createKernelError('ABORTED', 'closed here')),
      };
    },
  };
}

function setUp() {
  const hooks = createChannelHooks();
  const heard: ChannelMoment[] = [];
  const received: string[] = [];
  const transport = hookedTransport(answering('own'), { peerID: 'p', hooks, clock: createFakeClock(5) });
  const open = () =>
    transport.open(url, { opened: () => {}, received: (text) => received.push(text), closed: () => {} });
  return { hooks, heard, received, open };
}

test('each event of a channel is reported in order, from when a listener is added', () => {
  const { hooks, heard, received, open } = setUp();
  open().send('unheard');
  hooks.tap = (moment) => heard.push(moment);
  const channel = open();
  channel.send('one');
  channel.send('bye');
  const common = { peerID: 'p', channel: 2, atMs: 5 };
  expect(heard).toEqual([
    { ...common, kind: 'opened', transport: 'own' },
    { ...common, kind: 'sent', text: 'one' },
    { ...common, kind: 'received', text: 'ONE' },
    { ...common, kind: 'sent', text: 'bye' },
    { ...common, kind: 'closed', transport: 'own', url: url.href, error },
  ]);
  expect(received).toEqual(['UNHEARD', 'ONE']);
  expect(channel.bufferedBytes).toBe(7);
});

test('a channel that this device closes is reported with the reason, if there is one', () => {
  const { hooks, heard, open } = setUp();
  hooks.tap = (moment) => heard.push(moment);
  open().close();
  open().close(undefined, undefined, error);
  const closed = heard.flatMap((moment) => (moment.kind === 'closed' ? [moment.error.code] : []));
  expect(closed).toEqual(['ABORTED', 'RELAY_UNREACHABLE']);
});

test('an interceptor applies to channels opened from then on', () => {
  const { hooks, received, open } = setUp();
  const before = open();
  hooks.wrap = (inner) => ({
    name: 'twice',
    open: (to, on) => inner.open(to, { ...on, received: (text) => on.received(`${text}${text}`) }),
  });
  const after = open();
  hooks.wrap = undefined;
  before.send('a');
  after.send('b');
  open().send('c');
  expect(received).toEqual(['A', 'BB', 'C']);
});
