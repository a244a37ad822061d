import { expect, it } from 'vitest';
import { createBatchReader } from './batch-reader.ts';
import { until } from '../../../test/support/until.ts';

/** A reader whose reads the test completes. */
function setUp() {
  const batches: (readonly string[])[] = [];
  const ends: (() => void)[] = [];
  const reader = createBatchReader<string>((ids) => {
    batches.push(ids);
    return new Promise((resolve) =>
      ends.push(() => resolve(new Map(ids.filter((id) => id !== 'nowhere').map((id) => [id, `of ${id}`])))),
    );
  });
  const reading = (count: number) => until(() => expect(batches).toHaveLength(count));
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { reader, batches, ends, reading, settled };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `id${index}`);

it('reads immediately when idle, then combines the requests that came meanwhile, each ID once', async () => {
  const { reader, batches, ends, reading, settled } = setUp();
  const first = reader.read('a');
  await reading(1);
  const others = ['b', 'c', 'b', 'nowhere'].map(reader.read);
  await settled();
  expect(batches).toHaveLength(1);
  ends[0]?.();
  await reading(2);
  ends[1]?.();
  expect(batches).toEqual([['a'], ['b', 'c', 'nowhere']]);
  expect(await first).toBe('of a');
  expect(await Promise.all(others)).toEqual(['of b', 'of c', 'of b', undefined]);
});

it('starts a second full batch during a read, but no third', async () => {
  const { reader, batches, ends, reading, settled } = setUp();
  const all = Promise.all(names(350).map(reader.read));
  await reading(2);
  await settled();
  expect(batches.map((batch) => batch.length)).toEqual([100, 100]);
  ends[0]?.();
  await reading(3);
  for (const end of ends.slice(1)) end();
  await reading(4);
  ends[3]?.();
  expect(await all).toEqual(names(350).map((id) => `of ${id}`));
  expect(batches.map((batch) => batch.length)).toEqual([100, 100, 100, 50]);
});
