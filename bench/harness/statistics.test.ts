import { describe, expect, it } from 'vitest';
import { median, quantile, slopeOf, spreadOf } from './statistics.ts';

describe('statistics', () => {
  it('takes the middle one, or the mean of the middle two, in any order', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 10, 2])).toBe(3);
    expect(median([7])).toBe(7);
  });

  it('sorts by size and not by spelling', () => {
    expect(median([9, 10, 100])).toBe(10);
  });

  it('finds a quantile between two numbers', () => {
    const hundred = Array.from({ length: 101 }, (_, index) => index);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
  });

  it('spans all of them', () => {
    expect(spreadOf([3, -1, 2])).toEqual([-1, 3]);
  });

  it('fits a line, and says how far the farthest point is from it', () => {
    const [exact, none] = slopeOf([
      [1, 12],
      [2, 14],
      [4, 18],
    ]);
    expect(exact).toBeCloseTo(2);
    expect(none).toBeCloseTo(0);
    const [slope, residual] = slopeOf([
      [0, 0],
      [1, 10],
      [2, 8],
    ]);
    expect(slope).toBeCloseTo(4);
    expect(residual).toBeCloseTo(0.4);
  });

  it('refuses none', () => {
    expect(() => median([])).toThrow('no numbers');
  });
});
