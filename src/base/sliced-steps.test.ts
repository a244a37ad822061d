import { expect, it } from 'vitest';
import { createFakeTasks } from '../../test/support/platform/fake-tasks.ts';
import { atOnce, inSlices } from './sliced-steps.ts';

/** Each step takes 5 ms. */
function createWork() {
  const tasks = createFakeTasks();
  let nowMs = 0;
  function* steps(): Generator<void, string> {
    for (let step = 0; step < 10; step++) {
      nowMs += 5;
      yield;
    }
    return 'done';
  }
  return { tasks, steps, timing: { nowMs: () => nowMs, nextTask: tasks.nextTask }, spentMs: () => nowMs };
}

it('runs all steps at once', () => {
  const { steps, tasks } = createWork();
  expect(atOnce(steps())).toBe('done');
  expect(tasks.isWaited).toBe(false);
});

it('runs steps for as long as a task may take, and the rest in later tasks', async () => {
  const { steps, tasks, timing, spentMs } = createWork();
  const result = inSlices(steps(), timing);
  expect(spentMs()).toBe(10);
  expect(await tasks.runAll()).toBe(5);
  expect(await result).toBe('done');
});
