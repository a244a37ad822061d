import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeTasks } from '../../../test/support/platform/fake-tasks.ts';
import type { CoValueHeader, NewContent, RawCoID } from '../content.ts';
import { storageErrorFrom } from '../storage-error.ts';
import { createKnownStates } from './known-states.ts';
import { createWrites } from './writes.ts';

const header = { type: 'comap', meta: null } as CoValueHeader;
const contentOf = (at: number): NewContent => {
  const id: RawCoID = `co_z${at}`;
  return { action: 'content', id, priority: 3, header, new: {} };
};

/** Each look at the clock takes a millisecond, and a database that takes nothing is asked for a transaction. */
function createSlowWrites() {
  const clock = createFakeClock();
  const tasks = createFakeTasks();
  const known = createKnownStates();
  const errors: unknown[] = [];
  let nowMs = 0;
  let begun = 0;
  const writes = createWrites({
    clock: { ...clock, nowMs: () => nowMs++ },
    nextTask: tasks.nextTask,
    known,
    connect: () => Promise.resolve(),
    begin() {
      begun++;
      return Promise.reject(new DOMException('no room', 'QuotaExceededError'));
    },
    read: () => Promise.resolve(new Map()),
    isDeleted: () => false,
    wrote: () => {},
    failed(error) {
      errors.push(error);
      return storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
    },
  });
  return { writes, tasks, known, errors, begun: () => begun };
}

it('prepares thousands of contents in many tasks, and only then holds up the database', async () => {
  const { writes, tasks, begun } = createSlowWrites();
  for (let at = 0; at < 2_000; at++) {
    writes.store(
      contentOf(at),
      () => undefined,
      () => {},
    );
  }
  await tasks.runOne();
  expect(begun()).toBe(0);
  // A hundred looks while it is planned, and one for each of forty segments.
  expect(await tasks.runAll()).toBeGreaterThan(10);
  expect(begun()).toBe(1);
});

it('writes on from what is known as it began, also of what cojson lets go of meanwhile', async () => {
  const { writes, tasks, known } = createSlowWrites();
  const asked: number[] = [];
  for (let at = 0; at < 1_000; at++) {
    const { id } = contentOf(at);
    known.add({ id, header: true, sessions: {} });
    writes.store({ action: 'content', id, priority: 3, new: {} }, () => void asked.push(at), undefined);
  }
  await tasks.runOne();
  for (let at = 0; at < 1_000; at++) known.forget(contentOf(at).id);
  await tasks.runAll();
  expect(asked).toEqual([]);
});
