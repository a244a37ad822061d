import { beforeEach, expect, it, vi } from 'vitest';
import { createFakeTasks, type FakeTasks } from '../../test/support/platform/fake-tasks.ts';
import { createPacer, type Pacer } from './pacer.ts';
import { pageSliceMs } from './time-slices.ts';
import { until } from '../../test/support/until.ts';

let nowMs: number;
let tasks: FakeTasks;
let pacer: Pacer;
/** Handled items, by task. */
let log: string[][];
beforeEach(() => {
  nowMs = 0;
  tasks = createFakeTasks();
  pacer = createPacer({ nowMs: () => nowMs, nextTask: tasks.nextTask });
  log = [[]];
});

const take = (item: string) => {
  log.at(-1)?.push(item);
  nowMs += 3;
};
const nextTask = () => {
  log.push([]);
  return tasks.runOne();
};
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

it('handles what fits into this task, and the rest in later ones, in order', async () => {
  const lane = pacer.lane(take);
  lane.push(names('a', 7));
  expect(lane.waiting).toBe(4);
  while (tasks.isWaited) await nextTask();
  expect(log).toEqual([['a0', 'a1', 'a2'], ['a3', 'a4', 'a5'], ['a6'], []]);
  expect(lane.waiting).toBe(0);
});

it('counts items pushed one by one in a task together', async () => {
  const lane = pacer.lane(take);
  for (const name of names('a', 4)) lane.push([name]);
  expect(log).toEqual([['a0']]);
  await nextTask();
  expect(log).toEqual([['a0'], ['a1', 'a2', 'a3']]);
});

it('handles an item at once if it was idle', async () => {
  const lane = pacer.lane(take);
  lane.push(['a']);
  await tasks.runAll();
  lane.push(['b']);
  expect(log).toEqual([['a', 'b']]);
});

it('leaves everything to later tasks on pushLater, and keeps the order', async () => {
  const lane = pacer.lane(take);
  lane.pushLater(names('a', 4));
  lane.push(['b']);
  expect(log).toEqual([[]]);
  while (tasks.isWaited) await nextTask();
  expect(log).toEqual([[], ['a0', 'a1', 'a2'], ['a3', 'b'], []]);
});

it('shares the time between lanes in turn, so that a long one does not block the others', async () => {
  const [long, short] = [pacer.lane(take), pacer.lane(take)];
  long.push(names('long', 6));
  short.push(names('short', 2));
  while (tasks.isWaited) await nextTask();
  expect(log).toEqual([['long0', 'long1', 'long2'], ['long3', 'short0', 'long4'], ['short1', 'long5'], []]);
});

it('handles one item per task if each takes longer than a slice', async () => {
  const lane = pacer.lane((item: string) => {
    log.at(-1)?.push(item);
    nowMs += pageSliceMs * 5;
  });
  lane.push(names('a', 3));
  while (tasks.isWaited) await nextTask();
  expect(log).toEqual([['a0'], ['a1'], ['a2'], []]);
});

it('drops queued items on clear, and handles later ones', async () => {
  const lane = pacer.lane(take);
  lane.push(names('a', 5));
  expect(lane.clear()).toEqual(['a3', 'a4']);
  lane.push(['b']);
  await nextTask();
  expect(log.flat()).toEqual(['a0', 'a1', 'a2', 'b']);
});

it('continues after a handler throws, and reports the error', async () => {
  const reported = vi.fn();
  process.once('uncaughtException', reported);
  const lane = pacer.lane((item: string) => {
    if (item === 'bad') throw new Error('bad');
    take(item);
  });
  lane.push(['bad', 'good']);
  expect(log).toEqual([['good']]);
  await until(() => expect(reported).toHaveBeenCalledOnce());
});
