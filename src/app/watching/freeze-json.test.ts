import { expect, test } from 'vitest';
import { freezeJson } from './freeze-json.ts';

test('[WATCH-11] a large value is frozen, too', () => {
  const value = Array.from({ length: 200_000 }, () => [0]);
  expect(freezeJson(value)).toBe(value);
  expect(value.every(Object.isFrozen)).toBe(true);
});

test('[WATCH-11] a deep value is frozen, too', () => {
  let value: readonly unknown[] = [];
  const innermost = value;
  for (let depth = 0; depth < 100_000; depth++) value = [value];
  freezeJson(value);
  expect(Object.isFrozen(innermost)).toBe(true);
});
