import { expect, it } from 'vitest';
import { lagAxis } from './lag-axis.ts';

it('spans 1 ms to 100 s with decades of equal width', () => {
  const { at, ticks } = lagAxis(4_100);
  expect([0, 1, 10, 100, 100_000].map(at)).toEqual([0, 0, 20, 40, 100]);
  expect(ticks.map(({ words }) => words)).toEqual(['1 ms', '10 ms', '100 ms', '1 s', '10 s', '100 s']);
  expect(ticks.map((tick) => tick.at)).toEqual([0, 20, 40, 60, 80, 100]);
});

it('extends to the decade of the longest value', () => {
  const { at, ticks } = lagAxis(9 * 3_600_000);
  expect(at(9 * 3_600_000)).toBeLessThanOrEqual(100);
  expect(ticks.slice(-3).map(({ words }) => words)).toEqual(['17 min', '2.8 h', '28 h']);
});
