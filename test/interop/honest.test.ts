import { beforeAll, expect, it } from 'vitest';
import { differencesOf } from './honest-differences.ts';
import { bundleStockClients } from './honest-script.ts';
import { drawPlan } from './honest-steps.ts';
import { runWorld } from './honest-world.ts';

let script: string;
beforeAll(async () => void (script = await bundleStockClients()));

it('[RELAY-22] [GROUP-2] [CONF-11] two stock clients and two kernels drop nothing honest and show the same', async () => {
  const run = await runWorld(script, 1, drawPlan(1, 400), 100);
  expect(run.done).toBe(100);
  expect(differencesOf(run)).toEqual([]);
});
