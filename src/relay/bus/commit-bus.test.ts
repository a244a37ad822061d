import { expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { BusTransportListener } from './bus-transport.ts';
import { alwaysReadMs, beatMs, createCommitBus } from './commit-bus.ts';

const [one, two, three] = ['co_zone', 'co_ztwo', 'co_zthree'] as [string, string, string];

/** Carries texts at once, in order, unless it is cut. */
function createAir(maxBytes = 1_000) {
  const listeners = new Set<BusTransportListener>();
  const sent: string[] = [];
  return {
    sent,
    isCut: false,
    loses: (text: string): boolean => text === '',
    say(text: string) {
      for (const { received } of listeners) received(text);
    },
    interrupt() {
      for (const { interrupted } of listeners) interrupted();
    },
    resume() {
      for (const { resumed } of listeners) resumed();
    },
    open(on: BusTransportListener) {
      listeners.add(on);
      return Promise.resolve({
        maxBytes,
        send: async (text: string) => {
          await Promise.resolve();
          if (this.isCut) throw new Error('The transport is interrupted.');
          sent.push(text);
          if (!this.loses(text)) this.say(text);
        },
        close: () => void listeners.delete(on),
      });
    },
  };
}

type Air = ReturnType<typeof createAir>;

const turns = () => new Promise((resolve) => setImmediate(resolve));

const createListener = () => ({
  ...{ committed: vi.fn(), missed: vi.fn(), doubted: vi.fn(), restricted: vi.fn(), lost: vi.fn() },
});

async function join(air: Air, clock = createFakeClock()) {
  const on = createListener();
  const bus = await createCommitBus({
    open: (listener) => air.open(listener),
    on,
    clock,
    logger: silentLogger,
  });
  onTestFinished(bus.close);
  async function beats(count: number): Promise<void> {
    for (let beat = 0; beat < count; beat++) {
      clock.advance(beatMs);
      await turns();
    }
  }
  return { bus, on, clock, beats };
}

it('tells the others what was committed, once, and not itself', async () => {
  const air = createAir();
  const [mine, theirs] = [await join(air), await join(air)];
  mine.bus.publish([one, two]);
  mine.bus.publish([three, one]);
  await turns();
  expect(theirs.on.committed.mock.calls.map(([ids]) => [ids as readonly string[]])).toEqual([
    [[one, two]],
    [[three, one]],
  ]);
  expect(mine.on.committed).not.toHaveBeenCalled();
});

it('joins what is committed while a notice is on its way', async () => {
  const air = createAir();
  const { bus } = await join(air);
  air.sent.length = 0;
  for (let count = 0; count < 100; count++) bus.publish([one, two]);
  await turns();
  expect(air.sent).toHaveLength(2);
});

it('notices from its number that one got lost, at the next one or at the next beat', async () => {
  const air = createAir();
  const [mine, theirs] = [await join(air), await join(air)];
  mine.bus.publish([one]);
  await turns();
  theirs.on.missed.mockClear();
  air.loses = (text) => text.includes(two);
  for (const id of [two, three]) {
    mine.bus.publish([id]);
    await turns();
  }
  expect(theirs.on.committed.mock.calls.map(([ids]) => [ids as readonly string[]])).toEqual([
    [[one]],
    [[three]],
  ]);
  await theirs.beats(1);
  expect(theirs.on.missed).toHaveBeenCalledOnce();
  mine.bus.publish([two]);
  await turns();
  await mine.beats(1);
  expect(theirs.on.missed).toHaveBeenCalledTimes(2);
  await mine.beats(3);
  await theirs.beats(1);
  expect(theirs.on.missed).toHaveBeenCalledTimes(2);
});

it('makes the others read the log for what it could not send', async () => {
  const air = createAir(20);
  const [mine, theirs] = [await join(air), await join(air)];
  mine.bus.publish([one]);
  await turns();
  theirs.on.missed.mockClear();
  air.isCut = true;
  mine.bus.publish([one, two, three]);
  await turns();
  air.isCut = false;
  await mine.beats(1);
  await theirs.beats(1);
  expect(theirs.on.missed).toHaveBeenCalledOnce();
  expect(theirs.on.committed).toHaveBeenCalledOnce();
});

it('has the log read after three beats of silence of another relay, which may have ended before a notice', async () => {
  const air = createAir();
  const [mine, theirs] = [await join(air), await join(air)];
  await mine.beats(1);
  await theirs.beats(1);
  mine.bus.close();
  theirs.on.missed.mockClear();
  await theirs.beats(1);
  expect(theirs.on.missed).not.toHaveBeenCalled();
  await theirs.beats(3);
  expect(theirs.on.missed).toHaveBeenCalledOnce();
});

it('has the log read now and then even if nothing seems to be missing', async () => {
  const { on, beats } = await join(createAir());
  await beats(alwaysReadMs / beatMs - 1);
  expect(on.missed).not.toHaveBeenCalled();
  await beats(1);
  expect(on.missed).toHaveBeenCalledOnce();
});

it('doubts the storage when the transport is interrupted and resumed, and when another relay renewed the epoch', async () => {
  const air = createAir();
  const { bus, on } = await join(air);
  air.interrupt();
  expect(on.doubted).toHaveBeenCalledOnce();
  air.resume();
  expect(on.doubted).toHaveBeenCalledTimes(2);
  expect(on.missed).toHaveBeenCalledOnce();
  const other = await join(air);
  on.doubted.mockClear();
  bus.publishRenewal();
  await turns();
  expect(other.on.doubted).toHaveBeenCalledOnce();
  expect(on.doubted).not.toHaveBeenCalled();
});

it('is silent, then lost, once its own beats do not come back, but not because time has passed', async () => {
  const air = createAir();
  const { bus, on, clock, beats } = await join(air);
  await beats(3);
  clock.jump(3_600_000);
  expect(bus.hearing).toBe('ok');
  air.loses = () => true;
  await beats(3);
  expect(bus.hearing).toBe('ok');
  await beats(1);
  expect(bus.hearing).toBe('silent');
  await beats(1);
  expect(bus.hearing).toBe('silent');
  expect(on.lost).not.toHaveBeenCalled();
  await beats(3);
  expect(bus.hearing).toBe('lost');
  expect(on.lost).toHaveBeenCalledOnce();
  air.loses = () => false;
  await beats(1);
  expect(bus.hearing).toBe('ok');
});

it('refuses to start if it does not hear itself, and says what to do', async () => {
  const air = createAir();
  air.loses = () => true;
  const clock = createFakeClock();
  const joined = expect(join(air, clock)).rejects.toMatchObject({
    code: 'RELAY_SETTING_INVALID',
    message: expect.stringContaining('DATABASE_LISTEN_URL') as unknown,
  });
  await turns();
  clock.advance(5_000);
  await joined;
  expect(clock.waiting).toBe(0);
});

it('takes from a stranger on the bus neither more than IDs nor a reason to stop', async () => {
  const air = createAir();
  const [mine, theirs] = [await join(air), await join(air)];
  for (const text of ['', 'x', 'x.999999999999999', `x.1 ${'co_z!'}`, '\u0000', `${'y'.repeat(9_000)}`])
    air.say(text);
  mine.bus.publish([one]);
  await turns();
  expect(theirs.on.committed.mock.calls.map(([ids]) => [ids as readonly string[]])).toEqual([[[one]]]);
  expect(theirs.bus.hearing).toBe('ok');
});

it('leaves no timer if the transport resumes while it is being closed', async () => {
  const air = createAir();
  let resume = () => {};
  const clock = createFakeClock();
  const on = createListener();
  const bus = await createCommitBus({
    open(listener) {
      resume = listener.resumed;
      return air.open(listener);
    },
    ...{ on, clock, logger: silentLogger },
  });
  bus.close();
  resume();
  expect(clock.waiting).toBe(0);
  expect(on.missed).not.toHaveBeenCalled();
  expect(on.doubted).not.toHaveBeenCalled();
});

it('[RELAY-61] notifies all that an operator changed what is blocked, itself included', async () => {
  const air = createAir();
  const [mine, theirs] = [await join(air), await join(air)];
  mine.bus.publishRestriction();
  await turns();
  for (const { on } of [mine, theirs]) {
    expect(on.restricted).toHaveBeenCalledOnce();
    expect(on.doubted).not.toHaveBeenCalled();
  }
});

it('reads and doubts at most twice a second, however much strangers send', async () => {
  const air = createAir();
  const { on, clock } = await join(air);
  for (let count = 0; count < 5_000; count++) {
    air.say(`stranger-${count}.${count} ${one}`);
    air.say('* stranger');
    air.say('!');
  }
  expect(on.missed).toHaveBeenCalledOnce();
  expect(on.doubted).toHaveBeenCalledOnce();
  expect(on.restricted).toHaveBeenCalledOnce();
  clock.advance(500);
  expect(on.missed).toHaveBeenCalledTimes(2);
  expect(on.doubted).toHaveBeenCalledTimes(2);
  expect(on.restricted).toHaveBeenCalledTimes(2);
  expect(on.committed).toHaveBeenCalledTimes(5_000);
});
