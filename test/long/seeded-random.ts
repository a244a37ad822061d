import { createRandom as createFractions } from '../../src/base/seeded-random.ts';

/** The same numbers for the same seed. Whole ones, from `min` to `max`, both among them. */
export type Random = (min: number, max: number) => number;

export function createRandom(seed: number): Random {
  const fraction = createFractions(seed);
  return (min, max) => min + Math.floor(fraction() * (max - min + 1));
}
