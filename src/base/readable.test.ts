import { expect, it } from 'vitest';
import { createReadable } from './readable.ts';

it('the last value that each listener gets is the current one, also if another listener sets it', () => {
  const readable = createReadable(0);
  readable.subscribe((value) => {
    if (value === 1) readable.set(2);
  });
  const seen: number[] = [];
  readable.subscribe((value) => seen.push(value));
  readable.set(1);
  expect(readable.current).toBe(2);
  expect(seen.at(-1)).toBe(2);
});

it('calls no listener that another one has ended', () => {
  const readable = createReadable(0);
  let end = () => {};
  readable.subscribe((value) => {
    if (value === 1) end();
  });
  const seen: number[] = [];
  end = readable.subscribe((value) => seen.push(value));
  readable.set(1);
  expect(seen).toEqual([0]);
});
