import type { Marks } from '../../../src/platform/platform.ts';

/** An origin's `localStorage` in memory. */
export function createFakeMarks(): Marks {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}
