import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Genesis } from '../../src/session/account/genesis.ts';
import { importPlanted } from '../support/import-planted.ts';
import { rememberCojson } from '../support/remember-cojson.ts';
import { createAccounts } from './accounts.ts';
import type { Plant } from './plants/plant.ts';
import { plants } from './plants/plants.ts';
import type * as Simulation from './simulate.ts';
import { before, simulate, type Outcome } from './simulate.ts';

/**
 * How many seeds from 1 to search, once a few from the plant's own have passed: a change of the product moves what a seed does.
 * The table shows which seed to name in the plant:
 * `npx vitest run --config test/long/vitest.config.ts --project soak test/simulation/plants.soak.test.ts`, with `-t` and a part
 * of a name for some of the plants.
 */
const seeds = Number(process.env['MAIA_SEEDS'] ?? 100);
const seedsFromOwn = 5;

let accounts: readonly [Genesis, Genesis];
let restoreCojson: () => void;
const moved: { rule: string; plant: string; seed: number; message: string | undefined }[] = [];
const soundSeeds = new Map<string, boolean>();

beforeAll(async () => {
  restoreCojson = rememberCojson();
  accounts = await createAccounts();
  // cojson warns about every load that waits for a relay.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterAll(() => {
  restoreCojson();
  if (moved.length > 0) console.table(moved);
});

/** Without HTTP, which came later. */
const scenarioOf = ({ scenario = before }: Plant) => ({ http: false, ...scenario });

async function isSound(seed: number, plant: Plant): Promise<boolean> {
  const scenario = scenarioOf(plant);
  const run = `${seed} ${JSON.stringify(scenario)}`;
  const known = soundSeeds.get(run);
  if (known !== undefined) return known;
  const { error } = await simulate(seed, accounts, scenario);
  soundSeeds.set(run, !error);
  return !error;
}

/** The first run that fails with this message and passes without the plant. */
async function findFailure(planted: Plant): Promise<Outcome | undefined> {
  // Otherwise, the patches of earlier plants would call each other.
  restoreCojson();
  const { simulate: simulatePlanted } = await importPlanted<typeof Simulation>(
    'test/simulation/simulate.ts',
    planted.changes,
  );
  for (const seed of seedsFor(planted)) {
    const outcome = await simulatePlanted(seed, accounts, scenarioOf(planted));
    if (planted.message.test(outcome.error?.message ?? '') && (await isSound(seed, planted))) return outcome;
  }
  return undefined;
}

function seedsFor({ seed }: Plant): readonly number[] {
  const own = Array.from({ length: seedsFromOwn }, (_, at) => seed + at);
  const others = Array.from({ length: seeds }, (_, at) => at + 1).filter((one) => !own.includes(one));
  return [...own, ...others];
}

describe('mistakes that the simulation detects', { timeout: 3_600_000 }, () => {
  const named = plants.map((planted) => [`${planted.rule}: ${planted.name}`, planted] as const);
  it.each(named)('%s', async (_, planted) => {
    const found = await findFailure(planted);
    expect(found).toBeDefined();
    const { rule, name, seed: own } = planted;
    const { seed = 0, error } = found ?? {};
    if (seed !== own) moved.push({ rule, plant: name, seed, message: error?.message.slice(0, 60) });
  });
});
