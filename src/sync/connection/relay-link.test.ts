import type { SyncMessage } from 'cojson';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { createPacer } from '../../base/pacer.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createFakeTasks, type FakeTasks } from '../../../test/support/platform/fake-tasks.ts';
import { testHello as hello } from '../../../test/support/transport/test-hello.ts';
import type { ChannelEvents } from '../../transport/transport.ts';
import type { LinkChannel } from './hooked-transport.ts';
import { dialRelay, silenceMs, type LinkEnd, type RelayLink } from './relay-link.ts';

const url = new URL('wss://relay.example/sync');
const known = (at: number) => ({ action: 'known', id: `co_z${at}`, header: false, sessions: {} });
const closing = { maia: 'refused', code: 'forbidden', reason: 'because', closing: true };
const joined = (...messages: readonly object[]) =>
  messages.map((message) => JSON.stringify(message)).join('\n');

let clock: FakeClock;
let tasks: FakeTasks;
let link: RelayLink;
let channel: ChannelEvents;
/** What cojson received, grouped by task. */
let given: string[][];
let ended: LinkEnd | undefined;
let sent: string[];
const close = vi.fn<LinkChannel['close']>();
const relayClock = vi.fn();
const roundTrip = vi.fn();

beforeEach(() => {
  clock = createFakeClock();
  tasks = createFakeTasks();
  given = [[]];
  ended = undefined;
  sent = [];
  vi.clearAllMocks();
  const nothing = () => {};
  link = dialRelay({
    url,
    peerID: 'relay',
    mayUpload: () => true,
    transport: {
      name: 'test',
      open(_, on) {
        channel = on;
        return { send: (frame) => void sent.push(frame), bufferedBytes: 0, close };
      },
    },
    clock,
    pacer: createPacer({ nowMs: clock.nowMs, nextTask: tasks.nextTask }),
    isStock: false,
    mayBeStock: () => true,
    on: {
      alive: nothing,
      signingIn: nothing,
      renewalFailed: nothing,
      received: (message) => message,
      refused: nothing,
      sending: (message) => message,
      sent: nothing,
      drained: nothing,
      withheld: nothing,
      roundTrip,
      relayClock,
      ready({ incoming }) {
        incoming.onMessage((message: SyncMessage | 'Disconnected') => {
          given.at(-1)?.push(message === 'Disconnected' ? message : message.id);
          clock.advance(3);
        });
      },
      ended: (end) => (ended = end),
    },
  });
  channel.opened();
});

async function nextTask() {
  given.push([]);
  await tasks.runOne();
}

describe('a frame of many messages', () => {
  it('is passed to cojson a few at a time, in order', async () => {
    channel.received(joined(hello, ...[1, 2, 3, 4].map(known)));
    channel.received(joined(known(5), known(6), known(7)));
    expect(link.waitingBytes).toBeGreaterThan(0);
    while (tasks.isWaited) await nextTask();
    expect(given).toEqual([['co_z1', 'co_z2', 'co_z3'], ['co_z4', 'co_z5', 'co_z6'], ['co_z7'], []]);
    expect(link.waitingBytes).toBe(0);
  });

  it.each(['\n', '{}\n'])(
    '[WIRE-1] a frame of a million times %j is refused before it takes much memory',
    (line) => {
      const split = vi.spyOn(String.prototype, 'split');
      channel.received(line.repeat(1_000_000));
      const counts = split.mock.results.map(({ value }) => (value as readonly string[]).length);
      split.mockRestore();
      expect(Math.max(...counts)).toBeLessThan(200_000);
      expect(ended?.error.code).toBe(line === '\n' ? undefined : 'MESSAGE_TOO_LARGE');
    },
  );

  it('is dropped if the connection ends meanwhile; the next one repeats it', async () => {
    channel.received(joined(hello, ...[1, 2, 3, 4].map(known)));
    channel.closed(createKernelError('RELAY_UNREACHABLE', 'lost'));
    expect(ended).toMatchObject({ retry: true, error: { code: 'RELAY_UNREACHABLE' } });
    expect(link.waitingBytes).toBe(0);
    while (tasks.isWaited) await nextTask();
    expect(given.flat()).toEqual(['co_z1', 'co_z2', 'co_z3', 'Disconnected']);
  });

  it('is dropped if this device ends the connection', async () => {
    channel.received(joined(hello, ...[1, 2, 3, 4].map(known)));
    link.close();
    expect(link.waitingBytes).toBe(0);
    await tasks.runAll();
    expect(given.flat()).toEqual(['co_z1', 'co_z2', 'co_z3', 'Disconnected']);
  });

  it('does not hide why the relay closed', () => {
    channel.received(joined(hello, ...[1, 2, 3, 4].map(known), closing));
    channel.closed(createKernelError('RELAY_UNREACHABLE', 'lost'));
    expect(ended).toMatchObject({ retry: false, error: { code: 'RELAY_REFUSED' } });
  });

  it('counts as activity on arrival, however long it takes to read', async () => {
    channel.received(joined(hello, ...[1, 2, 3, 4].map(known)));
    clock.advance(silenceMs - 12);
    channel.received(joined(known(5)));
    clock.advance(silenceMs - 1);
    expect(ended).toBeUndefined();
    clock.advance(1);
    expect(ended).toMatchObject({ error: { code: 'RELAY_SILENT' } });
    await tasks.runAll();
  });

  it.each<[string, () => void, string | undefined]>([
    ['silence', () => clock.advance(silenceMs), 'RELAY_SILENT'],
    ['the app', () => link.close(), undefined],
  ])('gives the channel the reason if %s ends it', (_, endIt, code) => {
    endIt();
    expect(close.mock.calls.map(([, , error]) => error?.code)).toEqual([code]);
  });

  it.each([-31, 31])('[CONN-14] silence takes as long when someone sets the clock by %i days', (days) => {
    channel.received(joined(hello));
    clock.advance(silenceMs / 2);
    channel.received(joined({ type: 'ping', time: 7, dc: 'x' }));
    clock.jump(days * 86_400_000);
    clock.advance(silenceMs - 1);
    expect(ended).toBeUndefined();
    clock.advance(1);
    expect(ended).toMatchObject({ error: { code: 'RELAY_SILENT' } });
  });

  it('measures the relay’s clock and the round trip by its arrival', async () => {
    channel.received(joined(hello, ...[1, 2, 3].map(known)));
    const cameAtMs = clock.elapsedMs();
    channel.received(joined({ type: 'ping', time: 7, dc: 'x' }, { maia: 'echoed', t: cameAtMs - 40 }));
    clock.advance(500);
    await tasks.runAll();
    expect(relayClock).toHaveBeenCalledExactlyOnceWith(7, cameAtMs);
    expect(roundTrip).toHaveBeenCalledExactlyOnceWith(40);
  });
});

describe('a query for the relay’s known state', () => {
  const inspect = { maia: 'inspect', ask: 7, id: 'co_zA' } as const;
  const inspected = { ...inspect, maia: 'inspected', known: null };

  it('sends the request as given, and its answer has no side effects', async () => {
    channel.received(joined(hello));
    sent.length = 0;
    link.ask(7, 'co_zA');
    expect(sent.map((frame) => JSON.parse(frame) as unknown)).toEqual([inspect]);
    channel.received(joined(inspected, inspected, known(1)));
    await tasks.runAll();
    expect(given.flat()).toEqual(['co_z1']);
    expect(ended).toBeUndefined();
  });

  it('is a frame that kernels never send', async () => {
    channel.received(joined(hello));
    sent.length = 0;
    channel.received(joined(inspect, known(1)));
    await tasks.runAll();
    expect(given.flat()).toEqual(['co_z1']);
    expect(sent).toEqual([]);
  });

  it('ends the connection if the answer is malformed', () => {
    channel.received(joined(hello, { ...inspected, known: { header: true, sessions: { me: 1 } } }));
    expect(ended).toMatchObject({ error: { code: 'MESSAGE_INVALID' } });
  });
});
