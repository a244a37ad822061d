import { beforeAll, expect, it, vi } from 'vitest';
import { play } from './play.ts';

beforeAll(() => {
  // cojson reports what it does not take.
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});

it.each([1, 3, 27, 36])(
  '[GROUP-2] [READ-1] 100 moves of attackers achieve nothing, seed %i',
  async (seed) => {
    expect(await play(seed)).toEqual([]);
  },
);
