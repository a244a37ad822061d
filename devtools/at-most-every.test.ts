import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { atMostEvery } from './at-most-every.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('shows the first value at once, and of the next ones the newest, once its time has come', () => {
  const shown: number[] = [];
  const { tell, stop } = atMostEvery<number>(250, (value) => shown.push(value));
  for (let value = 1; value <= 100; value++) {
    tell(value);
    vi.advanceTimersByTime(10);
  }
  expect(shown).toEqual([1, 25, 50, 75, 100]);
  vi.advanceTimersByTime(10_000);
  expect(shown).toHaveLength(5);
  tell(101);
  tell(102);
  expect(shown.at(-1)).toBe(101);
  stop();
  vi.advanceTimersByTime(10_000);
  expect(shown.at(-1)).toBe(101);
  expect(vi.getTimerCount()).toBe(0);
});
