import { expect, it } from 'vitest';
import { nextTask } from '../../base/next-task.ts';
import { createPublisher } from './publish-names.ts';

/** An account that shares so many groups. Each reading of its clock takes a millisecond. */
function createAccount(count: number) {
  const written = new Map(Array.from({ length: count }, (_, index) => [`co_z${index}`, '']));
  const records: (readonly string[])[] = [];
  let name = 'Ada';
  let nowMs = 0;
  let due: (() => void) | undefined;
  const own = {
    name: () => name,
    outdated: () => [...written].filter(([, one]) => one !== name).map(([id]) => id),
    record: (ids: readonly string[], of: string) => {
      records.push(ids);
      for (const id of ids) written.set(id, of);
    },
  };
  const clock = {
    nowMs: () => nowMs,
    elapsedMs: () => ++nowMs,
    after(_: number, run: () => void) {
      due = () => {
        due = undefined;
        run();
      };
      return () => (due = undefined);
    },
  };
  return { own, clock, records, rename: (to: string) => (name = to), runDue: () => due?.() };
}

it('[NAME-8] brings a name to 500 groups in many short tasks, and records it in five edits', async () => {
  const { own, clock, records } = createAccount(500);
  let inTask = 0;
  let longest = 0;
  let tasks = 0;
  const publisher = createPublisher({
    ...{ clock, own },
    write: () => {
      longest = Math.max(longest, ++inTask);
      return Promise.resolve(true);
    },
  });
  publisher.begin();
  publisher.begin();
  while (own.outdated().length > 0) {
    await nextTask();
    inTask = 0;
    tasks++;
  }
  expect(longest).toBeLessThanOrEqual(8);
  expect(tasks).toBeGreaterThanOrEqual(500 / 8);
  expect(records.map(({ length }) => length)).toEqual([100, 100, 100, 100, 100]);
});

it('[NAME-8] goes on with the latest name, and leaves out the groups that have it', async () => {
  const { own, clock, records, rename } = createAccount(3);
  const writes: string[] = [];
  const publisher = createPublisher({
    ...{ clock, own },
    write: (id, name) => {
      writes.push(`${id} ${name}`);
      if (writes.length === 2) rename('Ada L');
      return Promise.resolve(true);
    },
  });
  publisher.begin();
  while (own.outdated().length > 0) await nextTask();
  expect(writes.slice(0, 2)).toEqual(['co_z0 Ada', 'co_z1 Ada']);
  expect(writes.slice(2)).toEqual(['co_z0 Ada L', 'co_z1 Ada L', 'co_z2 Ada L']);
  expect(records).toHaveLength(2);
});

it('leaves out the groups in which it cannot be written, until the next time', async () => {
  const { own, clock, runDue } = createAccount(3);
  let isAway = true;
  const publisher = createPublisher({
    ...{ clock, own },
    write: (id) =>
      id === 'co_z1' && isAway
        ? Promise.reject(new Error('away'))
        : Promise.resolve(id !== 'co_z2' || !isAway),
  });
  publisher.begin();
  while (own.outdated().length > 2) await nextTask();
  await nextTask();
  expect(own.outdated()).toEqual(['co_z1', 'co_z2']);
  isAway = false;
  publisher.beginLater();
  runDue();
  while (own.outdated().length > 0) await nextTask();
});

it('[NAME-8] writes a name once in a group whose record does not count', async () => {
  const { own, clock, rename, runDue } = createAccount(3);
  const record = (ids: readonly string[], of: string) =>
    own.record(
      ids.filter((id) => id !== 'co_z1'),
      of,
    );
  const writes: string[] = [];
  const publisher = createPublisher({
    ...{ clock, own: { ...own, record } },
    write: (id, name) => Promise.resolve(writes.push(`${id} ${name}`) > 0),
  });
  for (const name of ['Ada', 'Ada', 'Ada L']) {
    rename(name);
    publisher.beginLater();
    runDue();
    for (let task = 0; task < 10; task++) await nextTask();
  }
  const once = (name: string) => ['co_z0', 'co_z1', 'co_z2'].map((id) => `${id} ${name}`);
  expect(writes).toEqual([...once('Ada'), ...once('Ada L')]);
});

it('goes on at the next occasion after a record was refused, such as during a sign-out', async () => {
  const { own, clock, runDue } = createAccount(3);
  let isRefused = true;
  const record = (...args: Parameters<typeof own.record>) => {
    if (isRefused) throw new Error('The account is being signed out.');
    own.record(...args);
  };
  const publisher = createPublisher({
    ...{ clock, own: { ...own, record } },
    write: () => Promise.resolve(true),
  });
  publisher.begin();
  for (let task = 0; task < 10; task++) await nextTask();
  isRefused = false;
  publisher.beginLater();
  runDue();
  for (let task = 0; task < 10; task++) await nextTask();
  expect(own.outdated()).toEqual([]);
});

it('begins again afterwards what was due while it was at work', async () => {
  const { own, clock, runDue } = createAccount(1);
  const ends: ((isWritten: boolean) => void)[] = [];
  const publisher = createPublisher({
    ...{ clock, own },
    write: () => new Promise((resolve) => ends.push(resolve)),
  });
  publisher.begin();
  publisher.beginLater();
  runDue();
  ends[0]?.(false);
  for (let task = 0; task < 10; task++) await nextTask();
  runDue();
  ends[1]?.(true);
  await nextTask();
  expect(own.outdated()).toEqual([]);
});

it('ends when it is closed', async () => {
  const { own, clock, records } = createAccount(500);
  let writes = 0;
  const publisher = createPublisher({ ...{ clock, own }, write: () => Promise.resolve(++writes > 0) });
  publisher.begin();
  await nextTask();
  publisher.close();
  const before = writes;
  for (let task = 0; task < 20; task++) await nextTask();
  expect(writes).toBe(before);
  expect(records).toEqual([]);
});
