import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([Infinity, 2 ** 31])('does not call at once after %d ms', (delayMs) => {
  const run = vi.fn();
  systemClock.after(delayMs, run);
  vi.advanceTimersByTime(60_000);
  expect(run).not.toHaveBeenCalled();
});
