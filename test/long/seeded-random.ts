import { createRandom as createFractions } from '../../src/base/seeded-random.ts';

/** Seeded whole numbers from `min` to `max`, inclusive. */
export type Random = (min: number, max: number) => number;

export function createRandom(seed: number): Random {
  const fraction = createFractions(seed);
  return (min, max) => min + Math.floor(fraction() * (max - min + 1));
}
