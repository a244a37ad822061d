import { vi } from 'vitest';

/**
 * Repeats the check until it neither throws nor gives false, also as a promise; rejects with its last error after a minute, or
 * `timeout` milliseconds.
 */
export function until<T>(check: () => T, timeout = 60_000): Promise<Awaited<T>> {
  return vi.waitFor(
    () => {
      const result = check();
      return result instanceof Promise ? result.then(passed<Awaited<T>>) : passed(result as Awaited<T>);
    },
    { timeout, interval: 10 },
  );
}

function passed<T>(result: T): T {
  if (result === false) throw new Error('The condition is still false.');
  return result;
}
