import { expect, it } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createFakeTasks } from '../testing/fake-tasks.ts';
import { createWriteQueue } from './write-queue.ts';

function createQueue() {
  const clock = createFakeClock();
  const tasks = createFakeTasks();
  const writes: string[][] = [];
  /** By the task it was told in. */
  const told: string[][] = [[]];
  let nowMs = 0;
  const queue = createWriteQueue<string>({
    clock: { ...clock, nowMs: () => nowMs },
    nextTask: tasks.nextTask,
    atOnce: 100,
    write(some) {
      writes.push([...some]);
      return Promise.resolve();
    },
    done(each) {
      told.at(-1)?.push(each);
      nowMs += 3;
    },
    failed: () => {},
  });
  return { queue, tasks, writes, told };
}
const microtasks = () => new Promise((resolve) => setImmediate(resolve));

it('writes all that waits at once, and tells what is done a few at a time, in order', async () => {
  const { queue, tasks, writes, told } = createQueue();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) queue.push(name);
  await microtasks();
  while (tasks.isWaited) {
    told.push([]);
    await tasks.runOne();
  }
  expect(writes).toEqual([['a', 'b', 'c', 'd', 'e', 'f', 'g']]);
  expect(told).toEqual([['a', 'b', 'c'], ['d', 'e', 'f'], ['g']]);
});

it('is idle, and closed, only when all was told', async () => {
  const { queue, tasks, told } = createQueue();
  for (const name of ['a', 'b', 'c', 'd']) queue.push(name);
  let isClosed = false;
  const closing = queue.close().then(() => (isClosed = true));
  await microtasks();
  expect(told.flat()).toEqual(['a', 'b', 'c']);
  expect(isClosed).toBe(false);
  await tasks.runAll();
  await closing;
  expect(told.flat()).toEqual(['a', 'b', 'c', 'd']);
});
