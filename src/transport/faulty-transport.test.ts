import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWebSocket } from '../platform/open-web-socket.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { startEchoServer, type EchoServer } from '../../test/support/transport/echo-server.ts';
import { describeTransport } from '../../test/support/transport/transport-contract.ts';
import { faultyTransport, type FaultDone, type FaultPlan } from './faulty-transport.ts';
import type { ChannelEvents, Transport } from './transport.ts';
import { createWebSocketTransport } from './web-socket.ts';

let server: EchoServer;
beforeAll(async () => {
  server = await startEchoServer();
});
afterAll(() => server.close());

describeTransport('A faulty transport with an empty plan', () => ({
  transport: faultyTransport(createWebSocketTransport(openWebSocket), { seed: 1 }),
  url: new URL(server.url),
  refusedUrl: new URL('/refused', server.url),
}));

describeTransport('A slow faulty transport', () => ({
  transport: faultyTransport(createWebSocketTransport(openWebSocket), {
    seed: 1,
    up: { delayMs: [0, 20], stall: { chance: 0.02, ms: [1, 10] } },
    down: { delayMs: [0, 20], stall: { chance: 0.02, ms: [1, 10] } },
  }),
  url: new URL(server.url),
  refusedUrl: new URL('/refused', server.url),
}));

/** A network in memory, with what each channel sent, and access to its far side. */
function memoryNetwork() {
  const channels: { on: ChannelEvents; sent: string[]; isClosed: boolean }[] = [];
  const transport: Transport = {
    name: 'memory',
    open(_url, on) {
      const one = { on, sent: [] as string[], isClosed: false };
      channels.push(one);
      queueMicrotask(() => on.opened());
      return {
        send: (frame) => void one.sent.push(frame),
        bufferedBytes: 0,
        close: () => void (one.isClosed = true),
      };
    },
  };
  return { transport, channels };
}

function start(plan: FaultPlan) {
  const clock = createFakeClock();
  const network = memoryNetwork();
  const transport = faultyTransport(network.transport, plan, { clock });
  const told: string[] = [];
  async function dial(url = 'wss://relay.example/sync') {
    const channel = transport.open(new URL(url), {
      opened: () => void told.push('opened'),
      received: (frame) => void told.push(frame),
      closed: ({ code }) => void told.push(code),
    });
    await Promise.resolve();
    const far = network.channels.at(-1);
    if (!far) throw new Error('No channel was opened.');
    return { channel, far };
  }
  return { clock, told, dial, channels: network.channels, transport };
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`);

describe('faults', () => {
  it('close: breaks the channel instead of carrying the frame', async () => {
    const { dial, told } = start({ seed: 1, up: { close: 1 } });
    const { channel, far } = await dial();
    channel.send('a');
    channel.send('b');
    expect([far.sent, far.isClosed, told]).toEqual([[], true, ['opened', 'RELAY_UNREACHABLE']]);
  });

  it('lifeMs: breaks open channels, and leaves closed ones alone', async () => {
    const { dial, told, clock } = start({ seed: 1, lifeMs: [100, 200] });
    await dial();
    clock.advance(99);
    expect(told).toEqual(['opened']);
    clock.advance(101);
    expect(told).toEqual(['opened', 'RELAY_UNREACHABLE']);
    const { channel } = await dial();
    channel.close();
    expect(clock.waiting).toBe(0);
  });

  it('refuse: never opens and never dials', async () => {
    const { transport, channels } = start({ seed: 1, refuse: 1 });
    const told: string[] = [];
    transport.open(new URL('wss://relay.example/sync'), {
      opened: () => void told.push('opened'),
      received: () => {},
      closed: ({ code }) => void told.push(code),
    });
    expect(told).toEqual([]);
    await Promise.resolve();
    expect([told, channels]).toEqual([['RELAY_UNREACHABLE'], []]);
  });

  it('stall: holds all frames in order, and counts them as not sent', async () => {
    const { dial, clock } = start({ seed: 1, up: { stall: { chance: 1, ms: 50 } } });
    const { channel, far } = await dial();
    channel.send('ab');
    channel.send('c');
    clock.advance(49);
    expect([far.sent, channel.bufferedBytes]).toEqual([[], 3]);
    clock.advance(1);
    expect([far.sent, channel.bufferedBytes]).toEqual([['ab', 'c'], 0]);
  });

  it('stall without end: sets no timer, and can be closed', async () => {
    const { dial, clock, told } = start({ seed: 1, down: { stall: { chance: 1, ms: Infinity } } });
    const { channel, far } = await dial();
    far.on.received('a');
    clock.advance(1e9);
    expect([told, clock.waiting]).toEqual([['opened'], 0]);
    channel.close();
    expect(told).toEqual(['opened', 'ABORTED']);
  });

  it('spells: blocks frames and new channels for part of the time, on all channels', async () => {
    const way = { spells: { everyMs: 60, stillMs: 20 } };
    const { dial, clock, told } = start({ seed: 1, up: way, down: way });
    const { channel, far } = await dial();
    far.on.received('a');
    clock.advance(19);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['opened', 'a']);
    channel.send('b');
    clock.advance(39);
    channel.send('c');
    clock.advance(1);
    channel.send('d');
    far.on.received('e');
    expect([far.sent, channel.bufferedBytes]).toEqual([['b', 'c'], 1]);
    clock.advance(20);
    expect([far.sent, told.at(-1)]).toEqual([['b', 'c', 'd'], 'e']);
  });

  it('reports each fault', async () => {
    const clock = createFakeClock();
    const done: FaultDone[] = [];
    const { transport } = memoryNetwork();
    const open = async (plan: Omit<FaultPlan, 'seed'>) => {
      const faulty = faultyTransport(
        transport,
        { seed: 1, ...plan },
        { clock, done: (what) => done.push(what) },
      );
      const on = { opened: () => {}, received: () => {}, closed: () => {} };
      const channel = faulty.open(new URL('wss://relay.example/sync'), on);
      await Promise.resolve();
      channel.send('frame');
      clock.advance(100);
      channel.close();
      return done.splice(0);
    };
    expect(await open({})).toEqual([]);
    expect(await open({ refuse: 1 })).toEqual(['refused']);
    expect(await open({ lifeMs: 50 })).toEqual(['broken']);
    expect(await open({ up: { close: 1 } })).toEqual(['broken']);
    expect(await open({ up: { delayMs: 10 } })).toEqual(['held']);
    expect(await open({ up: { duplicate: 1 } })).toEqual(['repeated']);
    expect(await open({ up: { dropTail: { chance: 1, breaksAfterMs: 1 } } })).toEqual(['lost', 'broken']);
    expect(await open({ up: { reorder: { chance: 1, breaksAfterMs: 1 } } })).toEqual(['late', 'broken']);
  });

  it('delay: delays each frame, keeps their order, and delivers the close last', async () => {
    const { dial, clock, told } = start({ seed: 5, down: { delayMs: [10, 100] } });
    const { far } = await dial();
    for (const number of numbers(50)) far.on.received(number);
    far.on.closed(Object.assign(new Error(), { code: 'TIMEOUT' }) as never);
    clock.advance(9);
    expect(told).toEqual(['opened']);
    clock.advance(91);
    expect(told).toEqual(['opened', ...numbers(50), 'TIMEOUT']);
  });

  it('throttle: limits the characters per second', async () => {
    const { dial, clock } = start({ seed: 1, up: { charactersPerSecond: 100 } });
    const { channel, far } = await dial();
    for (const number of numbers(10)) channel.send(number);
    clock.advance(50);
    expect(far.sent).toEqual(numbers(5));
    clock.advance(50);
    expect(far.sent).toEqual(numbers(10));
  });

  it('dropTail: loses later frames, which count as sent, until the channel breaks', async () => {
    const { dial, clock, told } = start({
      seed: 3,
      up: { dropTail: { chance: 0.2, breaksAfterMs: 70 } },
    });
    const { channel, far } = await dial();
    for (const number of numbers(100)) channel.send(number);
    expect(far.sent.length).toBeLessThan(100);
    expect(far.sent).toEqual(numbers(far.sent.length));
    expect(channel.bufferedBytes).toBe(0);
    clock.advance(69);
    expect(told).toEqual(['opened']);
    clock.advance(1);
    expect(told).toEqual(['opened', 'RELAY_UNREACHABLE']);
  });

  it('duplicate: delivers some frames twice in a row', async () => {
    const { dial } = start({ seed: 1, up: { duplicate: 0.5 } });
    const { channel, far } = await dial();
    for (const number of numbers(100)) channel.send(number);
    expect(far.sent.length).toBeGreaterThan(120);
    expect(far.sent.filter((number, index) => number !== far.sent[index - 1])).toEqual(numbers(100));
  });

  it('reorder up: delivers late frames on the old channel, after the first frame of the next one', async () => {
    const { dial, clock, told } = start({
      seed: 1,
      up: { reorder: { chance: 0.3, breaksAfterMs: 20 } },
    });
    const first = await dial();
    for (const number of numbers(20)) first.channel.send(number);
    const inTime = first.far.sent.length;
    expect(inTime).toBeLessThan(20);
    clock.advance(20);
    expect(told.at(-1)).toBe('RELAY_UNREACHABLE');
    expect([first.far.sent.length, first.far.isClosed]).toEqual([inTime, false]);
    let sent = 0;
    while (first.far.sent.length === inTime && sent++ < 50) (await dial()).channel.send('next');
    expect([first.far.sent, first.far.isClosed]).toEqual([numbers(20), true]);
  });

  it('reorder up: delivers late frames at last even if no channel follows', async () => {
    const { dial, clock } = start({ seed: 1, up: { reorder: { chance: 1, breaksAfterMs: 0 } } });
    const { channel, far } = await dial();
    channel.send('late');
    channel.close();
    expect(far.sent).toEqual([]);
    clock.advance(10_000);
    expect([far.sent, far.isClosed, clock.waiting]).toEqual([['late'], true, 0]);
  });

  it('reorder down: delivers late frames on the next channel, after its first frame', async () => {
    const { dial, clock, told } = start({
      seed: 2,
      down: { reorder: { chance: 0.5, breaksAfterMs: 20 } },
    });
    const first = await dial();
    for (const number of numbers(10)) first.far.on.received(number);
    clock.advance(20);
    const heard = told.filter((what) => /^\d/.test(what));
    expect(heard.length).toBeLessThan(10);
    for (let tries = 0; told.at(-1) !== '9' && tries < 50; tries++) {
      const { far } = await dial();
      far.on.received('next');
      clock.advance(20);
      if (told.includes('next')) break;
    }
    expect(told.slice(told.indexOf('next'))).toEqual(expect.arrayContaining(['next', '9']));
    expect(told.filter((what) => /^\d/.test(what))).toEqual(numbers(10));
  });

  it('reorder: delivers late frames only to the same relay', async () => {
    const reorder = { chance: 0.5, breaksAfterMs: 20 };
    const { dial, clock, told } = start({ seed: 1, up: { reorder }, down: { reorder } });
    /** Repeats until a frame arrives in both directions. */
    async function talk(url: string): Promise<string[]> {
      for (let tries = 0; tries < 100; tries++) {
        const { channel, far } = await dial(url);
        channel.send(`to ${url}`);
        far.on.received(`from ${url}`);
        clock.advance(20);
        if (far.sent.length > 0 && told.includes(`from ${url}`)) return far.sent;
      }
      throw new Error('No frame arrived.');
    }
    const late = await dial();
    const before = () => [late.far.sent.length, told.filter((what) => /^\d/.test(what)).length];
    for (const number of numbers(20)) late.channel.send(number);
    for (const number of numbers(20)) late.far.on.received(number);
    clock.advance(20);
    const [up = 0, down = 0] = before();
    expect(Math.max(up, down)).toBeLessThan(20);
    await talk('wss://other.example/sync');
    expect(before()).toEqual([up, down]);
    await talk('wss://relay.example/sync');
    expect(before()).toEqual([20, 20]);
  });

  it('a seed determines the faults, independently for each direction', async () => {
    async function run(seed: number, down: number) {
      const plan: FaultPlan = {
        seed,
        up: { duplicate: 0.2, delayMs: [0, 30], stall: { chance: 0.1, ms: [0, 50] }, close: 0.01 },
      };
      const { dial, clock, channels } = start(plan);
      for (let round = 0; round < 5; round++) {
        const { channel, far } = await dial();
        for (const number of numbers(30)) {
          channel.send(number);
          for (let count = 0; count < down; count++) far.on.received('x');
          clock.advance(7);
        }
        channel.close();
      }
      return channels.map(({ sent }) => sent.join());
    }
    expect(await run(7, 0)).toEqual(await run(7, 3));
    expect(await run(7, 0)).not.toEqual(await run(8, 0));
  });

  it.each([
    { seed: 0.5 },
    { seed: 1, refuse: 2 },
    { seed: 1, lifeMs: -1 },
    { seed: 1, up: { delayMs: [5, 1] as const } },
    { seed: 1, down: { charactersPerSecond: 0 } },
    { seed: 1, down: { spells: { everyMs: 10, stillMs: 20 } } },
  ])('rejects an invalid plan: %o', (plan) => {
    expect(() => faultyTransport(memoryNetwork().transport, plan)).toThrow(RangeError);
  });
});
