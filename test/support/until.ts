import { vi } from 'vitest';

/** Repeats the check until it neither throws nor returns false; rejects with its last error after 20 seconds. */
export function until(check: () => unknown): Promise<unknown> {
  return vi.waitFor(
    () => {
      const result = check();
      if (result === false) throw new Error('The condition is still false.');
      return result;
    },
    { timeout: 20_000, interval: 10 },
  );
}
