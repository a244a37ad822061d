import { expect, it } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createFakeTasks } from '../../test/support/platform/fake-tasks.ts';
import { createWriteQueue } from './write-queue.ts';

function createQueue() {
  const clock = createFakeClock();
  const tasks = createFakeTasks();
  const writes: string[][] = [];
  /** Grouped by the task that reported them. */
  const reports: string[][] = [[]];
  let nowMs = 0;
  const queue = createWriteQueue<string>({
    clock: { ...clock, elapsedMs: () => nowMs },
    nextTask: tasks.nextTask,
    maxBatch: 100,
    write(some) {
      writes.push([...some]);
      return Promise.resolve();
    },
    done(write) {
      reports.at(-1)?.push(write);
      nowMs += 3;
    },
    failed: () => createKernelError('STORAGE_WRITE_FAILED', 'Writing failed.'),
  });
  return { queue, tasks, writes, reports };
}

it('publishes consecutive failures with the time of the next attempt, and notifies listeners of each attempt', async () => {
  const clock = createFakeClock(1_000);
  let isFull = true;
  const queue = createWriteQueue<string>({
    clock,
    nextTask: () => Promise.resolve(),
    maxBatch: 100,
    write: () => (isFull ? Promise.reject(new Error('no room')) : Promise.resolve()),
    done: () => {},
    failed: (cause) => createKernelError('STORAGE_FULL', 'No room.', { cause }),
  });
  const reports: string[] = [];
  const stop = queue.attempts.listen(({ writes, error }) =>
    reports.push(`${writes} ${error?.code ?? 'written'}`),
  );
  queue.push('a');
  queue.push('b');
  expect(queue.attempts.failing).toBeUndefined();
  await microtasks();
  expect(queue.attempts.failing).toEqual({ count: 1, sinceMs: 1_000, retryAtMs: 1_500 });
  clock.advance(500);
  await microtasks();
  expect(queue.attempts.failing).toEqual({ count: 2, sinceMs: 1_000, retryAtMs: 2_500 });
  isFull = false;
  clock.advance(1_000);
  await microtasks();
  expect(queue.attempts.failing).toBeUndefined();
  expect(reports).toEqual(['2 STORAGE_FULL', '2 STORAGE_FULL', '2 written']);
  stop();
  queue.push('c');
  await microtasks();
  expect(reports).toHaveLength(3);
});

const microtasks = () => new Promise((resolve) => setImmediate(resolve));

it('writes everything queued at once, and reports it as done over several tasks, in order', async () => {
  const { queue, tasks, writes, reports } = createQueue();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) queue.push(name);
  await microtasks();
  while (tasks.isWaited) {
    reports.push([]);
    await tasks.runOne();
  }
  expect(writes).toEqual([['a', 'b', 'c', 'd', 'e', 'f', 'g']]);
  expect(reports).toEqual([['a', 'b', 'c'], ['d', 'e', 'f'], ['g']]);
});

it('is idle and closed only after everything is reported as done', async () => {
  const { queue, tasks, reports } = createQueue();
  for (const name of ['a', 'b', 'c', 'd']) queue.push(name);
  let isClosed = false;
  const closing = queue.close().then(() => (isClosed = true));
  await microtasks();
  expect(reports.flat()).toEqual(['a', 'b', 'c']);
  expect(isClosed).toBe(false);
  await tasks.runAll();
  await closing;
  expect(reports.flat()).toEqual(['a', 'b', 'c', 'd']);
});
