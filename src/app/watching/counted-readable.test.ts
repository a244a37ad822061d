import { expect, it } from 'vitest';
import { createCountedReadable, type Changed } from './counted-readable.ts';

const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

function counted() {
  let value = 0;
  let starts = 0;
  let stops = 0;
  let changed: Changed = () => {};
  const readable = createCountedReadable({
    read: () => value,
    start(onChange) {
      starts++;
      changed = onChange;
      return () => stops++;
    },
  });
  const set = (next: number, atOnce?: boolean) => {
    value = next;
    changed(atOnce);
  };
  return { readable, set, counts: () => [starts, stops] };
}

it('works only while it is subscribed to, and is read anew otherwise', () => {
  const { readable, set, counts } = counted();
  set(1);
  expect(readable.current).toBe(1);
  const [first, second] = [readable.subscribe(() => {}), readable.subscribe(() => {})];
  first();
  first();
  expect(counts()).toEqual([1, 0]);
  second();
  expect(counts()).toEqual([1, 1]);
  readable.subscribe(() => {})();
  expect(counts()).toEqual([2, 2]);
});

it('publishes the last value of a turn, which `current` and a new listener get before', async () => {
  const { readable, set } = counted();
  const seen: number[] = [];
  readable.subscribe((value) => seen.push(value));
  set(1);
  set(2);
  expect(seen).toEqual([0]);
  expect(readable.current).toBe(2);
  const late: number[] = [];
  readable.subscribe((value) => late.push(value));
  expect(late).toEqual([2]);
  set(3);
  await turn();
  expect([seen, late]).toEqual([
    [0, 2, 3],
    [2, 3],
  ]);
});

it('publishes what is urgent at once, ten times in a turn', async () => {
  const { readable, set } = counted();
  const seen: number[] = [];
  readable.subscribe((value) => seen.push(value));
  for (let value = 1; value <= 30; value++) set(value, true);
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await turn();
  expect(seen.slice(11)).toEqual([30]);
});

it('publishes nothing after the last subscription or the close', async () => {
  const { readable, set, counts } = counted();
  const seen: number[] = [];
  const stop = readable.subscribe((value) => seen.push(value));
  set(1);
  stop();
  await turn();
  readable.subscribe((value) => seen.push(value));
  readable.close();
  expect(counts()).toEqual([2, 2]);
  expect(seen).toEqual([0, 1]);
});
