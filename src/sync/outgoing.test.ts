import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createOutgoing } from './outgoing.ts';

function setUp(limit?: number) {
  const clock = createFakeClock();
  const frames: string[] = [];
  const told: string[] = [];
  const channel = { bufferedBytes: 0, send: (frame: string) => void frames.push(frame), close: () => {} };
  const outgoing = createOutgoing({
    channel,
    clock,
    limit: () => limit,
    on: {
      sent: ({ id }) => told.push(`sent ${id}`),
      drained: () => told.push('drained'),
      withheld: ({ id }, error) => told.push(`withheld ${id} ${error.code}`),
      abandoned: () => told.push('abandoned'),
    },
  });
  return { clock, frames, told, channel, outgoing };
}

const message = (id: string, length = 0): string =>
  JSON.stringify({
    action: 'load',
    id,
    header: false,
    sessions: {},
    x: 'x'.repeat(length),
  });

describe('what goes to the relay', () => {
  it('is cut into frames of a bounded size, in order, and no message is cut', () => {
    const { frames, outgoing } = setUp();
    const lines = Array.from({ length: 40 }, (_, n) => message(`co_z${'A'.repeat(n + 1)}`, 10_000));
    outgoing.socket.send(lines.join('\n'));
    expect(frames.length).toBeGreaterThan(3);
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(100_000);
    expect(frames.join('\n').split('\n')).toEqual(lines);
  });

  it('is told as drained when nothing of it waits any more, and not before', () => {
    const { clock, told, channel, outgoing } = setUp();
    channel.bufferedBytes = 10;
    outgoing.socket.send(message('co_z1'));
    clock.advance(10_000);
    expect(told).toEqual(['sent co_z1']);
    channel.bufferedBytes = 0;
    clock.advance(100);
    expect(told).toEqual(['sent co_z1', 'drained']);
  });

  it('leaves out what the relay would refuse, and sends the rest', () => {
    const { frames, told, outgoing } = setUp(1_000);
    outgoing.socket.send([message('co_z1'), message('co_z2', 2_000), message('co_z3')].join('\n'));
    expect(told).toEqual(['withheld co_z2 MESSAGE_TOO_LARGE', 'sent co_z1', 'sent co_z3']);
    expect(frames.join('\n')).not.toContain('co_z2');
  });

  it('is nothing after the end, and cojson is told of the end', () => {
    const { clock, frames, told, outgoing } = setUp();
    let closed = 0;
    outgoing.socket.addEventListener('close', () => closed++);
    outgoing.socket.send(message('co_z1'));
    outgoing.end();
    outgoing.end();
    outgoing.socket.send(message('co_z2'));
    clock.advance(1_000);
    expect(closed).toBe(1);
    expect(frames).toHaveLength(1);
    expect(told).toEqual(['sent co_z1']);
  });
});
