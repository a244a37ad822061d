import { expect, it } from 'vitest';
import { measureRounds, type Contender } from './rounds.ts';

it('measures in turns, each the first at times, and leaves the warm-up out', async () => {
  const order: string[] = [];
  const contender = (name: string): Contender => ({
    name,
    measure(round) {
      order.push(`${round}${name}`);
      return Promise.resolve({ ms: round });
    },
  });
  const samples = await measureRounds([contender('a'), contender('b')], { rounds: 3 });
  expect(order).toEqual(['-1a', '-1b', '0b', '0a', '1a', '1b', '2b', '2a']);
  expect(samples.of('a', 'ms')).toEqual([0, 1, 2]);
  expect(samples.has('b')).toBe(true);
  expect(samples.has('c')).toBe(false);
  expect(() => samples.of('a', 'kg')).toThrow('No "kg" of a');
});

it('has no warm-up where none is wanted', async () => {
  const rounds: number[] = [];
  const measure = (round: number) => Promise.resolve({ round: rounds.push(round) });
  const samples = await measureRounds([{ name: 'a', measure }], { warmUp: false });
  expect(rounds).toEqual([0, 1, 2, 3, 4]);
  expect(samples.of('a', 'round')).toHaveLength(5);
});
