import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeTasks } from '../../../test/support/platform/fake-tasks.ts';
import type { CoValueHeader, Content, RawCoID } from '../../engine/content.ts';
import { storageErrorFrom } from '../storage-error.ts';
import { createKnownStates } from './known-states.ts';
import { createWrites } from './writes.ts';

const header = { type: 'comap', meta: null } as CoValueHeader;
const contentOf = (at: number): Content => {
  const id: RawCoID = `co_z${at}`;
  return { action: 'content', id, priority: 3, header, new: {} };
};

/** Each reading of the clock takes a millisecond, and every transaction fails to begin. */
function createSlowWrites() {
  const clock = createFakeClock();
  const tasks = createFakeTasks();
  const known = createKnownStates();
  const errors: unknown[] = [];
  let nowMs = 0;
  let begun = 0;
  const writes = createWrites({
    clock: { ...clock, elapsedMs: () => nowMs++ },
    nextTask: tasks.nextTask,
    known,
    connect: () => Promise.resolve(),
    begin() {
      begun++;
      return Promise.reject(new DOMException('no room', 'QuotaExceededError'));
    },
    read: () => Promise.resolve(new Map()),
    isUnread: () => false,
    inMemory: () => [],
    isDeleted: () => false,
    wrote: () => {},
    failed(error) {
      errors.push(error);
      return storageErrorFrom(error, 'STORAGE_WRITE_FAILED');
    },
  });
  return { writes, tasks, known, errors, begun: () => begun };
}

it('prepares thousands of writes over many tasks before it blocks the database', async () => {
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
  // A hundred clock readings while planning, and one for each of forty segments.
  expect(await tasks.runAll()).toBeGreaterThan(10);
  expect(begun()).toBe(1);
});

it('continues from the state known when it began, even if cojson unloads the CoValue meanwhile', async () => {
  const { writes, tasks, known } = createSlowWrites();
  const asked: boolean[] = [];
  for (let at = 0; at < 1_000; at++) {
    const { id } = contentOf(at);
    known.add({ id, header: true, sessions: {} });
    const content: Content = { action: 'content', id, priority: 3, new: {} };
    writes.store(content, ({ header }) => void asked.push(header), undefined);
  }
  await tasks.runOne();
  for (let at = 0; at < 1_000; at++) known.forget(contentOf(at).id);
  await tasks.runAll();
  expect(asked).toHaveLength(1_000);
  expect(asked).not.toContain(false);
});

it('holds up a reader of what is queued until that was attempted, and no other reader', async () => {
  const { writes, tasks, begun } = createSlowWrites();
  const idOf = (at: number) => new Set([contentOf(at).id]);
  writes.store(contentOf(1), () => undefined, undefined);
  const begunBefore: string[] = [];
  const reader = async (name: string, ids?: ReadonlySet<RawCoID>) => {
    await writes.contentAttempted(ids);
    begunBefore.push(`${name}: ${begun()}`);
  };
  const readers = [reader('the same', idOf(1)), reader('all'), reader('another', idOf(2))];
  await readers[2];
  await tasks.runAll();
  await Promise.all(readers);
  expect(begunBefore).toEqual(['another: 0', 'the same: 1', 'all: 1']);
});
