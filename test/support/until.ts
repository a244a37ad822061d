import { vi } from 'vitest';

/**
 * Repeats the check until it neither throws nor returns false; rejects with its last error after 20 seconds, or `timeout`
 * milliseconds.
 */
export function until<T>(check: () => T, timeout = 20_000): Promise<Awaited<T>> {
  return vi.waitFor(
    () => {
      const result = check();
      if (result === false) throw new Error('The condition is still false.');
      return result as Awaited<T> | Promise<Awaited<T>>;
    },
    { timeout, interval: 10 },
  );
}
