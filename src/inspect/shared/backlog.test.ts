import { expect, test } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createBacklog } from './backlog.ts';
import { createCost } from './cost.ts';
import { createSecondsRing } from './seconds-ring.ts';

/** Processing an item takes as many ms as its value. */
function setUp() {
  const clock = createFakeClock();
  let stopwatchMs = 0;
  const ring = createSecondsRing({ startMs: clock.nowMs(), seconds: 10, maxBytes: 100_000 });
  const cost = createCost({ ring, clock, stopwatchMs: () => stopwatchMs });
  const worked: number[] = [];
  let told = 0;
  const backlog = createBacklog<number>({
    ...{ clock, cost },
    work(items) {
      if (items.includes(-1)) throw new Error('cannot be read');
      worked.push(...items);
      for (const ms of items) stopwatchMs += ms;
    },
    onWorked: () => told++,
  });
  return { clock, cost, backlog, worked, told: () => told };
}

test('processes items added within 250 ms together, in order, with one report', () => {
  const { clock, backlog, worked, told } = setUp();
  backlog.add([1]);
  clock.advance(200);
  backlog.add([2, 3]);
  expect(worked).toEqual([]);
  clock.advance(50);
  expect(worked).toEqual([1, 2, 3]);
  expect(told()).toBe(1);
  clock.advance(1_000);
  expect(told()).toBe(1);
});

test('catchUp processes waiting items without a report', () => {
  const { clock, backlog, worked, told } = setUp();
  backlog.add([1]);
  backlog.catchUp();
  expect(worked).toEqual([1]);
  expect(told()).toBe(0);
  backlog.add([2]);
  clock.advance(250);
  expect(worked).toEqual([1, 2]);
});

test('processes many items in slices, in separate tasks', () => {
  const { clock, backlog, worked } = setUp();
  backlog.add(Array.from({ length: 100 }, () => 1));
  backlog.catchUp();
  expect(worked).toHaveLength(16);
  backlog.add([7]);
  clock.advance(0);
  expect(worked).toHaveLength(101);
  expect(worked.at(-1)).toBe(7);
});

test('stays bounded even if timers do not fire', () => {
  const { backlog, worked } = setUp();
  for (let item = 0; item < 2_000; item++) backlog.add([0]);
  expect(worked).toHaveLength(2_000);
});

test('a failing item loses only its own batch', () => {
  const { clock, backlog, worked } = setUp();
  backlog.add([...Array.from({ length: 15 }, () => 0), -1, 5, 6]);
  expect(() => clock.advance(250)).toThrow('cannot be read');
  clock.advance(0);
  expect(worked).toEqual([5, 6]);
});

test('processes nothing once it is closed', () => {
  const { clock, backlog, worked } = setUp();
  backlog.add([1]);
  backlog.close();
  backlog.catchUp();
  clock.advance(1_000);
  expect(worked).toEqual([]);
});

test('counts its work towards the cost, and only once when nested', () => {
  const { clock, cost, backlog } = setUp();
  backlog.add([30]);
  cost.measured(backlog.catchUp);
  clock.advance(1_000);
  expect(cost.read(clock.nowMs()).msPerSecond).toBe(30);
});
