import { beforeEach, expect, it } from 'vitest';
import { createPacer } from '../../base/pacer.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeTasks, type FakeTasks } from '../../../test/support/platform/fake-tasks.ts';
import { createArrivals, type Arrivals } from './arrivals.ts';

let tasks: FakeTasks;
let read: string[];
let arrivals: Arrivals;
beforeEach(() => {
  tasks = createFakeTasks();
  read = [];
  const clock = createFakeClock();
  const pacer = createPacer({ nowMs: clock.nowMs, nextTask: tasks.nextTask });
  arrivals = createArrivals(pacer, clock, ({ line }) => read.push(line));
});

it('reads a short frame synchronously', () => {
  arrivals.add(['a', 'b']);
  expect(read).toEqual(['a', 'b']);
  expect(arrivals.waitingBytes).toBe(0);
});

it('reads a long frame in later tasks, and later frames after it', async () => {
  const long = 'x'.repeat(60_000);
  arrivals.add([long, long]);
  arrivals.add(['after']);
  expect(read).toEqual([]);
  expect(arrivals.waitingBytes).toBe(120_005);
  await tasks.runAll();
  expect(read).toEqual([long, long, 'after']);
  expect(arrivals.waitingBytes).toBe(0);
});

it('returns what waits without reading it', async () => {
  arrivals.add(['x'.repeat(100_001)]);
  expect(arrivals.clear()).toHaveLength(1);
  await tasks.runAll();
  expect(read).toEqual([]);
});
