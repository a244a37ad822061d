import { beforeAll, expect, it, vi } from 'vitest';
import { movesPerSeed, play } from './play.ts';

/** `MAIA_MOVES=20000` makes more of them, from the same seed. */
const moves = Number(process.env['MAIA_MOVES'] ?? 1_500);
const firstSeed = 100;

beforeAll(() => {
  // cojson reports what it does not take.
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});

it(
  '[GROUP-2] [GROUP-3] [GROUP-4] [READ-1] [READ-3] [READ-4] moves of attackers achieve nothing',
  { timeout: 1_800_000 },
  async () => {
    const found: { readonly seed: number; readonly breaches: readonly string[] }[] = [];
    for (let seed = firstSeed; seed < firstSeed + moves / movesPerSeed; seed++) {
      const breaches = await play(seed);
      if (breaches.length > 0) found.push({ seed, breaches });
    }
    expect(found).toEqual([]);
  },
);
