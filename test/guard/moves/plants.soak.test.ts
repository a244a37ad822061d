import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { importPlanted } from '../../support/import-planted.ts';
import { rememberCojson } from '../../support/remember-cojson.ts';
import { plants } from './plants.ts';
import type * as Moves from './play.ts';

/**
 * How many seeds from 1 to search, once a few from the plant's own have passed: a change of the product moves what a seed does.
 * Plants without a seed are searched for only if this is set. A table shows which seed to name in the plant.
 */
const seeds = Number(process.env['MAIA_SEEDS'] ?? 0);
const seedsAfterOwn = seeds || 40;
const seedsFromOwn = 2;
const moved: Record<string, number> = {};

let restoreCojson: () => void;
beforeAll(() => {
  restoreCojson = rememberCojson();
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterAll(() => {
  restoreCojson();
  if (Object.keys(moved).length > 0) console.table(moved);
});

function seedsFrom(own = 1): readonly number[] {
  const first = Array.from({ length: seedsFromOwn }, (_, at) => own + at);
  const others = Array.from({ length: seedsAfterOwn }, (_, at) => at + 1).filter(
    (one) => !first.includes(one),
  );
  return [...first, ...others];
}

describe('mistakes that the moves detect', { timeout: 1_800_000 }, () => {
  const searched = plants.filter(({ seed }) => seeds > 0 || seed !== undefined);
  it.each(searched)('$name', async ({ name, file, from, to, breach, seed: own }) => {
    restoreCojson();
    const { play } = await importPlanted<typeof Moves>('test/guard/moves/play.ts', [
      { file: `src/${file}`, from, to },
    ]);
    let found: number | undefined;
    for (const seed of seedsFrom(own)) {
      const breaches = await play(seed).catch(() => []);
      if (!breaches.some((one) => breach.test(one))) continue;
      found = seed;
      break;
    }
    expect(found).toBeDefined();
    if (found !== undefined && found !== own) moved[name] = found;
  });
});
