import { beforeAll, expect, it } from 'vitest';
import { differencesOf } from './honest-differences.ts';
import { bundleStockClients } from './honest-script.ts';
import { drawPlan } from './honest-steps.ts';
import { runWorld } from './honest-world.ts';

/** `MAIA_WORLDS=40` makes 10,000 operations. */
const worlds = Number(process.env['MAIA_WORLDS'] ?? 12);
const operationCount = 250;
const seeds = Array.from({ length: worlds }, (_, index) => 101 + index);

let script: string;
beforeAll(async () => void (script = await bundleStockClients()));

it.each(seeds)(
  '[RELAY-22] [GROUP-2] [CONF-11] two stock clients and two kernels drop nothing honest and show the same, seed %i',
  { timeout: 300_000 },
  async (seed) => {
    const world = await runWorld(script, seed, drawPlan(seed, 4 * operationCount), operationCount);
    expect(world.done).toBe(operationCount);
    expect(differencesOf(world)).toEqual([]);
  },
);
