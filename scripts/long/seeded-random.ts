/** The same numbers for the same seed. Whole ones, from `min` to `max`, both among them. */
export type Random = (min: number, max: number) => number;

/** Mulberry32: short, and even enough to choose when something is killed. */
export function createRandom(seed: number): Random {
  let state = seed;
  return (min, max) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return min + Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (max - min + 1));
  };
}
