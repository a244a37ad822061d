import type { RawCoID, SyncMessage } from 'cojson';
import { describe, expect, it } from 'vitest';
import type { Content } from '../../engine/content.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { bufferBytes, createOutgoing } from './outgoing.ts';

function setUp(limit?: number) {
  const clock = createFakeClock();
  const frames: string[] = [];
  const told: string[] = [];
  const channel = {
    bufferedBytes: 0,
    /** Whether sent frames stay in the buffer. */
    isStuck: false,
    mayUpload: true,
    /** Of content, what another tab sends. */
    leftOut: new Set<string>(),
    send(frame: string) {
      frames.push(frame);
      if (channel.isStuck) channel.bufferedBytes += frame.length;
    },
    close: () => {},
  };
  const outgoing = createOutgoing({
    channel,
    clock,
    limit: () => limit,
    mayUpload: () => channel.mayUpload,
    on: {
      sending: (message) => (channel.leftOut.has(message.id) ? undefined : message),
      sent: ({ id }) => told.push(`sent ${id}`),
      drained: () => told.push('drained'),
      withheld: ({ id }, error) => told.push(`withheld ${id} ${error.code}`),
      abandoned: () => told.push('abandoned'),
    },
  });
  /** Sends messages as cojson does, in one turn. */
  async function say(...messages: readonly SyncMessage[]): Promise<void> {
    for (const message of messages) outgoing.channel.push(message);
    await Promise.resolve();
  }
  const idsSent = () =>
    frames.flatMap((frame) => frame.split('\n')).map((line) => (JSON.parse(line) as { id: string }).id);
  return { clock, frames, told, channel, outgoing, say, idsSent };
}

const load = (id: string, length = 0) =>
  ({ action: 'load', id: id as RawCoID, header: false, sessions: {}, x: 'x'.repeat(length) }) as const;
const known = (id: string) => ({ action: 'known', id: id as RawCoID, header: true, sessions: {} }) as const;
/** Of lower priority than a load. */
const content = (id: string, length: number, priority: 0 | 3 | 6 = 3) =>
  ({ action: 'content', id: id as RawCoID, new: {}, priority, x: 'x'.repeat(length) }) as const;
/** Base58 has no 0. */
const idOf = (n: number) => `co_z${String(n).replaceAll('0', 'A')}`;

describe('messages to the relay', () => {
  it('are cut into frames of a bounded size, in order, without splitting a message', async () => {
    const { frames, say } = setUp();
    const messages = Array.from({ length: 40 }, (_, n) => load(idOf(n), 10_000));
    await say(...messages);
    expect(frames.length).toBeGreaterThan(3);
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(100_000);
    expect(frames.join('\n').split('\n')).toEqual(messages.map((message) => JSON.stringify(message)));
  });

  it('share a frame if they answer what arrived in one task, and go with the next other message', async () => {
    const { clock, frames, say, idsSent } = setUp();
    for (let n = 1; n <= 9; n++) await say(known(idOf(n)));
    expect(frames).toEqual([]);
    clock.advance(0);
    expect(frames).toHaveLength(1);
    await say(known(idOf(10)));
    await say(load(idOf(11)));
    expect(frames).toHaveLength(2);
    expect(idsSent()).toEqual(Array.from({ length: 11 }, (_, index) => idOf(index + 1)));
  });

  it('are reported as drained once none waits, and not before', async () => {
    const { clock, told, channel, say } = setUp();
    channel.bufferedBytes = 10;
    await say(load('co_z1'));
    clock.advance(10_000);
    expect(told).toEqual(['sent co_z1']);
    channel.bufferedBytes = 0;
    clock.advance(100);
    expect(told).toEqual(['sent co_z1', 'drained']);
  });

  it('[CONN-10] leave out what the relay would refuse', async () => {
    const { frames, told, say } = setUp(1_000);
    await say(load('co_z1'), load('co_z2', 2_000), load('co_z3'));
    expect(told).toEqual(['withheld co_z2 MESSAGE_TOO_LARGE', 'sent co_z1', 'sent co_z3']);
    expect(frames.join('\n')).not.toContain('co_z2');
  });

  it('[CONN-10] withhold what follows withheld content, which the relay would otherwise request without end', async () => {
    const { frames, told, say } = setUp(1_000);
    const edit = { privacy: 'trusting', madeAt: 1, changes: '[]' } as const;
    const part = (after: number) => ({
      after,
      newTransactions: [edit],
      lastSignature: `signature_z${'1'.repeat(64)}` as const,
    });
    const edits = (length: number, sessions: Record<string, number>) => ({
      ...content('co_z1', length),
      new: Object.fromEntries(
        Object.entries(sessions).map(([id, after]) => [id, part(after)]),
      ) as unknown as Content['new'],
    });
    const [large, other] = ['co_z2_session_z3', 'co_z2_session_z4'];
    await say(edits(2_000, { [large]: 5 }), edits(0, { [large]: 6 }), edits(0, { [large]: 7, [other]: 1 }));
    await say(edits(0, { [large]: 4 }), content('co_z5', 0));
    expect(told).toEqual([
      ...Array.from({ length: 3 }, () => 'withheld co_z1 MESSAGE_TOO_LARGE'),
      'sent co_z1',
      'sent co_z1',
      'sent co_z5',
    ]);
    const sent = frames.flatMap((frame) => frame.split('\n')).map((line) => JSON.parse(line) as SyncMessage);
    expect(sent.slice(0, 2)).toMatchObject([{ new: { [other]: part(1) } }, { new: { [large]: part(4) } }]);
    expect(frames.join('\n')).not.toContain('"after":7');
  });

  it('[CONN-10] leave out content that cojson wrote in a form that relays refuse', async () => {
    const { told, say } = setUp();
    const header = {
      type: 'comap',
      ruleset: { type: 'unsafeAllowAll' },
      meta: null,
      uniqueness: null,
    } as const;
    const madeIn = (year: number) =>
      ({
        ...content(idOf(year), 0),
        header: { ...header, createdAt: `${year}-01-01T00:00:00Z` as `2${string}` },
      }) as const;
    await say(madeIn(1970), madeIn(2024));
    expect(told).toEqual(['withheld co_z197A MESSAGE_INVALID', 'sent co_z2A24']);
  });

  it('are dropped once the connection has ended', async () => {
    const { clock, frames, told, channel, outgoing, say } = setUp();
    await say(load('co_z1'));
    outgoing.channel.push(load('co_z2'));
    outgoing.end();
    outgoing.end();
    await say(load('co_z3'));
    channel.bufferedBytes = 0;
    outgoing.resumeSending();
    clock.advance(1_000);
    expect(frames).toHaveLength(1);
    expect(told).toEqual(['sent co_z1']);
  });

  it('go out before cojson removes the peer', () => {
    const { told, outgoing } = setUp();
    outgoing.channel.push(load('co_z1'));
    outgoing.channel.push('Disconnected');
    expect(told).toEqual(['sent co_z1', 'abandoned']);
  });
});

describe('content that may not leave yet', () => {
  it('waits and stays in order, while other messages pass', async () => {
    const { channel, outgoing, told, say, idsSent } = setUp();
    channel.mayUpload = false;
    await say(content('co_z1', 10), content('co_z2', 10), load('co_z3'));
    await say(content('co_z4', 10));
    expect(idsSent()).toEqual(['co_z3']);
    channel.mayUpload = true;
    await say(content('co_z5', 10));
    outgoing.resumeSending();
    expect(idsSent()).toEqual(['co_z3', 'co_z1', 'co_z2', 'co_z4', 'co_z5']);
    expect(told).toEqual(idsSent().map((id) => `sent ${id}`));
  });

  it('is overtaken by urgent messages when it may leave', async () => {
    const { clock, channel, outgoing, say, idsSent } = setUp();
    channel.mayUpload = false;
    channel.isStuck = true;
    await say(...Array.from({ length: 300 }, (_, n) => content(idOf(n), 10_000)));
    channel.mayUpload = true;
    outgoing.resumeSending();
    const already = idsSent().length;
    expect(already).toBeLessThan(150);
    await say(load('co_zurgent'));
    channel.bufferedBytes = 0;
    clock.advance(20);
    expect(idsSent().indexOf('co_zurgent')).toBe(already + 1);
  });

  it('is overtaken by more urgent content, also once it may leave', async () => {
    const { clock, channel, outgoing, say, idsSent } = setUp();
    channel.mayUpload = false;
    channel.isStuck = true;
    await say(...Array.from({ length: 300 }, (_, n) => content(idOf(n), 10_000, 6)));
    await say(content('co_zwaiting', 10));
    channel.mayUpload = true;
    outgoing.resumeSending();
    expect(idsSent()[0]).toBe('co_zwaiting');
    const already = idsSent().length;
    await say(content('co_znewer', 10), content('co_zgroup', 10, 0));
    channel.bufferedBytes = 0;
    clock.advance(20);
    // After the one that did not fit into the last frame.
    expect(idsSent().slice(already + 1, already + 3)).toEqual(['co_zgroup', 'co_znewer']);
    expect(idsSent().filter((id) => /^co_z[0-9A]+$/.test(id))).toEqual(
      Array.from({ length: idsSent().length - 3 }, (_, n) => idOf(n)),
    );
  });

  it('waits also if it did not fit into the last frame', async () => {
    const { clock, channel, say, idsSent } = setUp();
    channel.isStuck = true;
    await say(...Array.from({ length: 300 }, (_, n) => content(idOf(n), 10_000)));
    const already = idsSent().length;
    channel.mayUpload = false;
    channel.bufferedBytes = 0;
    clock.advance(20);
    expect(idsSent().length).toBe(already);
  });

  it('never counts as sent if it is left to another tab, also if it had to wait', async () => {
    const { channel, outgoing, say, idsSent, told } = setUp();
    channel.mayUpload = false;
    channel.leftOut.add('co_z1');
    await say(content('co_z1', 10), content('co_z2', 10));
    // What is left to others is decided when it may leave.
    channel.leftOut.add('co_z2');
    await say(content('co_z3', 10));
    channel.mayUpload = true;
    outgoing.resumeSending();
    await say(content('co_z1', 10), content('co_z4', 10));
    expect(idsSent()).toEqual(['co_z3', 'co_z4']);
    expect(told).toEqual(['sent co_z3', 'sent co_z4']);
  });

  it('is dropped with the connection', async () => {
    const { channel, outgoing, say, idsSent } = setUp();
    channel.mayUpload = false;
    await say(content('co_z1', 10), load('co_z2'));
    outgoing.end();
    channel.mayUpload = true;
    outgoing.resumeSending();
    expect(idsSent()).toEqual(['co_z2']);
  });
});

describe('a channel that does not drain', () => {
  /** 3 MB, sent in one turn and in several. */
  async function fill() {
    const all = setUp();
    all.channel.isStuck = true;
    const messages = Array.from({ length: 300 }, (_, n) => content(idOf(n), 10_000));
    await all.say(...messages.slice(0, 200));
    for (const message of messages.slice(200)) await all.say(message);
    return { ...all, ids: messages.map(({ id }) => id) };
  }

  it('receives no more than a bound, and only that counts as sent', async () => {
    const { clock, channel, frames, told, idsSent } = await fill();
    for (let tick = 0; tick < 100; tick++) clock.advance(100);
    expect(channel.bufferedBytes).toBeGreaterThanOrEqual(bufferBytes);
    expect(channel.bufferedBytes).toBeLessThan(bufferBytes + 100_000);
    expect(told).toEqual(idsSent().map((id) => `sent ${id}`));
    expect(frames.length).toBeLessThan(15);
  });

  it('receives the rest in order as it drains, then reports that it has drained', async () => {
    const { clock, channel, told, idsSent, ids } = await fill();
    for (let tick = 0; tick < 10 && idsSent().length < ids.length; tick++) {
      channel.bufferedBytes /= 2;
      clock.advance(20);
      expect(channel.bufferedBytes).toBeLessThan(bufferBytes + 100_000);
      expect(told).not.toContain('drained');
    }
    expect(idsSent()).toEqual(ids);
    channel.bufferedBytes = 0;
    clock.advance(20);
    expect(told.at(-1)).toBe('drained');
  });

  it('continues without a timer, which is slow in a hidden tab, when the relay sends something', async () => {
    const { channel, outgoing, idsSent, ids } = await fill();
    while (idsSent().length < ids.length) {
      const before = idsSent().length;
      channel.bufferedBytes = 0;
      outgoing.resumeSending();
      expect(idsSent().length).toBeGreaterThan(before);
    }
    expect(idsSent()).toEqual(ids);
  });

  it('receives urgent messages before others that wait', async () => {
    const { clock, channel, say, idsSent } = await fill();
    const already = idsSent().length;
    await say(load('co_zurgent'));
    expect(idsSent()).not.toContain('co_zurgent');
    channel.bufferedBytes = 0;
    clock.advance(20);
    // After the message that did not fit into the last frame.
    expect(idsSent().indexOf('co_zurgent')).toBe(already + 1);
  });
});
