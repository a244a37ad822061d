import { expect, it } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { askWhenIdle, idleMs, maxIdleMs } from './idle-asks.ts';

function setUp() {
  const clock = createFakeClock();
  const asked: number[] = [];
  const startMs = clock.nowMs();
  let waiting = 1;
  const asks = askWhenIdle(clock, () => {
    if (waiting > 0) asked.push(clock.nowMs() - startMs);
    return waiting;
  });
  return { clock, asks, asked, setWaiting: (count: number) => (waiting = count) };
}

it('asks a relay that has been silent for a while', () => {
  const { clock, asks, asked } = setUp();
  asks.connected();
  clock.advance(idleMs - 1);
  asks.received();
  clock.advance(idleMs);
  expect(asked).toEqual([]);
  clock.advance(idleMs);
  expect(asked).toEqual([2 * idleMs]);
});

it('asks less often while nothing changes, and at the first interval again after a change', () => {
  const { clock, asks, asked, setWaiting } = setUp();
  asks.connected();
  clock.advance(100 * maxIdleMs);
  const gaps = asked.map((atMs, index) => atMs - (asked[index - 1] ?? 0));
  expect(gaps.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 16].map((times) => times * idleMs));
  setWaiting(0);
  clock.advance(maxIdleMs);
  setWaiting(1);
  asked.length = 0;
  clock.advance(3 * idleMs);
  expect(asked).toHaveLength(2);
});

it('is quiet without a connection', () => {
  const { clock, asks, asked } = setUp();
  expect(clock.waiting).toBe(0);
  asks.connected();
  asks.lost();
  clock.advance(maxIdleMs);
  expect(asked).toEqual([]);
  expect(clock.waiting).toBe(0);
});
