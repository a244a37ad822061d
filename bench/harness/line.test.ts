import { describe, expect, it } from 'vitest';
import { compare, type Comparison, type Goal } from './line.ts';

const numbers: Readonly<Record<string, readonly number[]>> = {
  'ours ms': [3, 1, 2],
  'theirs ms': [4, 8, 3],
  'slower ms': [7, 7, 7],
  'nearly ms': [3.6],
  'below ms': [3.4],
};
const samples = {
  of: (contender: string, figure: string) => numbers[`${contender} ${figure}`] ?? [],
  has: () => true,
};
const comparison: Comparison = {
  suite: 'test',
  name: 'something',
  unit: 'ms',
  better: 'lower',
  ours: 'ours',
  peer: 'theirs',
  figure: 'ms',
  reading: 'How long it takes.',
};

describe('compare', () => {
  it('takes medians, and a ratio above 1 where ours is lower and lower is better', () => {
    expect(compare(samples, comparison)).toEqual({
      suite: 'test',
      name: 'something',
      unit: 'ms',
      ours: 2,
      peer: 4,
      peerName: 'theirs',
      ratio: 2,
      rounds: 3,
      oursSpread: [1, 3],
      peerSpread: [3, 8],
      reading: 'How long it takes.',
    });
  });

  it('turns the ratio round where higher is better', () => {
    expect(compare(samples, { ...comparison, better: 'higher' }).ratio).toBe(0.5);
  });

  it.each<[Goal, boolean]>([
    [{ ratioAtLeast: 2 }, true],
    [{ ratioAtLeast: 2.1 }, false],
    [{ oursAtMost: 2 }, true],
    [{ oursAtMost: 1.9 }, false],
    [{ aboveByAtMost: -2 }, true],
    [{ aboveByAtMost: -2.1 }, false],
    [{ withinNoise: true }, true],
  ])('holds it against the goal %o', (goal, isMet) => {
    expect(compare(samples, { ...comparison, goal })).toMatchObject({ goal, isMet });
  });

  it('takes what is no worse than the middle half of the other’s rounds for noise, either way round', () => {
    const goal = { withinNoise: true } as const;
    const swapped = { ...comparison, ours: 'theirs', peer: 'ours', goal };
    expect(compare(samples, swapped).isMet).toBe(false);
    expect(compare(samples, { ...swapped, better: 'higher' }).isMet).toBe(true);
    expect(compare(samples, { ...comparison, better: 'higher', goal }).isMet).toBe(false);
    expect(compare(samples, { ...comparison, ours: 'slower', goal }).isMet).toBe(false);
    expect(compare(samples, { ...comparison, ours: 'nearly', better: 'higher', goal }).isMet).toBe(true);
    expect(compare(samples, { ...comparison, ours: 'below', better: 'higher', goal }).isMet).toBe(false);
  });
});
