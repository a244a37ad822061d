import { expect, test } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createBacklog } from './backlog.ts';
import { createCost } from './cost.ts';
import { createSecondsRing } from './seconds-ring.ts';

/** Each item is worked through in as many ms as it says. */
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

test('what is added within a quarter of a second is worked through together, in order, and told once', () => {
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

test('who looks finds what was added before, and nothing is told of it', () => {
  const { clock, backlog, worked, told } = setUp();
  backlog.add([1]);
  backlog.catchUp();
  expect(worked).toEqual([1]);
  expect(told()).toBe(0);
  backlog.add([2]);
  clock.advance(250);
  expect(worked).toEqual([1, 2]);
});

test('much is worked through in slices, with the page’s turn between them', () => {
  const { clock, backlog, worked } = setUp();
  backlog.add(Array.from({ length: 100 }, () => 1));
  backlog.catchUp();
  expect(worked).toHaveLength(16);
  backlog.add([7]);
  clock.advance(0);
  expect(worked).toHaveLength(101);
  expect(worked.at(-1)).toBe(7);
});

test('what nobody’s timer comes for does not grow without bound', () => {
  const { backlog, worked } = setUp();
  for (let item = 0; item < 2_000; item++) backlog.add([0]);
  expect(worked).toHaveLength(2_000);
});

test('what cannot be worked through costs those beside it, and no other', () => {
  const { clock, backlog, worked } = setUp();
  backlog.add([...Array.from({ length: 15 }, () => 0), -1, 5, 6]);
  expect(() => clock.advance(250)).toThrow('cannot be read');
  clock.advance(0);
  expect(worked).toEqual([5, 6]);
});

test('nothing is worked through once it is closed', () => {
  const { clock, backlog, worked } = setUp();
  backlog.add([1]);
  backlog.close();
  backlog.catchUp();
  clock.advance(1_000);
  expect(worked).toEqual([]);
});

test('its work counts as what inspecting costs, once where somebody who is measured looks', () => {
  const { clock, cost, backlog } = setUp();
  backlog.add([30]);
  cost.measured(backlog.catchUp);
  clock.advance(1_000);
  expect(cost.read(clock.nowMs()).msPerSecond).toBe(30);
});
