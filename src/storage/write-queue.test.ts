import { expect, it } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createFakeTasks } from '../../test/support/platform/fake-tasks.ts';
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
    failed: () => createKernelError('STORAGE_WRITE_FAILED', 'Writing failed.'),
  });
  return { queue, tasks, writes, told };
}

it('says how often it failed in a row, since when, when it tries again, and each try to who listens', async () => {
  const clock = createFakeClock(1_000);
  let isFull = true;
  const queue = createWriteQueue<string>({
    clock,
    nextTask: () => Promise.resolve(),
    atOnce: 100,
    write: () => (isFull ? Promise.reject(new Error('no room')) : Promise.resolve()),
    done: () => {},
    failed: (cause) => createKernelError('STORAGE_FULL', 'No room.', { cause }),
  });
  const told: string[] = [];
  const stop = queue.tries.listen(({ writes, error }) => told.push(`${writes} ${error?.code ?? 'written'}`));
  queue.push('a');
  queue.push('b');
  expect(queue.tries.failing).toBeUndefined();
  await microtasks();
  expect(queue.tries.failing).toEqual({ count: 1, sinceMs: 1_000, retryAtMs: 1_500 });
  clock.advance(500);
  await microtasks();
  expect(queue.tries.failing).toEqual({ count: 2, sinceMs: 1_000, retryAtMs: 2_500 });
  isFull = false;
  clock.advance(1_000);
  await microtasks();
  expect(queue.tries.failing).toBeUndefined();
  expect(told).toEqual(['2 STORAGE_FULL', '2 STORAGE_FULL', '2 written']);
  stop();
  queue.push('c');
  await microtasks();
  expect(told).toHaveLength(3);
});

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
