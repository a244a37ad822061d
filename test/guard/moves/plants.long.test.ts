import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { importPlanted } from '../../support/import-planted.ts';
import { plants } from './plants.ts';
import type * as Moves from './play.ts';
import { rememberCojson } from './pristine.ts';

/**
 * How many seeds from 1 to search for each plant, to find out which seed to name in it. Prints a table. By default, only the
 * plants that name a seed, and only a few seeds from there.
 */
const seeds = Number(process.env['MAIA_SEEDS'] ?? 0);
const seedsFromOwn = 2;
const firstSeeds: Record<string, number | undefined> = {};

let restoreCojson: () => void;
beforeAll(() => {
  restoreCojson = rememberCojson();
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterAll(() => {
  restoreCojson();
  if (seeds > 0) console.table(firstSeeds);
});

describe('mistakes that the moves detect', { timeout: 1_800_000 }, () => {
  const searched = plants.filter(({ seed }) => seeds > 0 || seed !== undefined);
  it.each(searched)('$name', async ({ name, file, from, to, breach, seed: own = 1 }) => {
    restoreCojson();
    const { play } = await importPlanted<typeof Moves>('test/guard/moves/play.ts', [
      { file: `src/${file}`, from, to },
    ]);
    const [first, count] = seeds > 0 ? [1, seeds] : [own, seedsFromOwn];
    for (let seed = first; seed < first + count && firstSeeds[name] === undefined; seed++) {
      const breaches = await play(seed).catch(() => []);
      if (breaches.some((one) => breach.test(one))) firstSeeds[name] = seed;
    }
    expect(firstSeeds[name]).toBeDefined();
  });
});
