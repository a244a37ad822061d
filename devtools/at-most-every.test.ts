import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { atMostEvery } from './at-most-every.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('passes on the first value immediately, then the latest value after the interval', () => {
  const shown: number[] = [];
  const { push, stop } = atMostEvery<number>(250, (value) => shown.push(value));
  for (let value = 1; value <= 100; value++) {
    push(value);
    vi.advanceTimersByTime(10);
  }
  expect(shown).toEqual([1, 25, 50, 75, 100]);
  vi.advanceTimersByTime(10_000);
  expect(shown).toHaveLength(5);
  push(101);
  push(102);
  expect(shown.at(-1)).toBe(101);
  stop();
  vi.advanceTimersByTime(10_000);
  expect(shown.at(-1)).toBe(101);
  expect(vi.getTimerCount()).toBe(0);
});
