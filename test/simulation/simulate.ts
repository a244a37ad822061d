import type { Genesis } from '../../src/session/account/genesis.ts';
import { act, beginTabOn, type Scenario } from './actions.ts';
import { createDice, type Dice } from './random.ts';
import { settleAll } from './settle-all.ts';
import { createWorld, type World } from './create-world.ts';

export interface Outcome {
  readonly seed: number;
  /** Equal for equal runs: of all that happened, and of every frame that arrived. */
  readonly hash: string;
  readonly trace: readonly string[];
  readonly edits: number;
  readonly frames: number;
  /** What went wrong. */
  readonly error?: Error;
}

export const mostTabs = 3;

/** One tab on a device, sound connections between the faults, no epoch that tells of a loss, and nothing is deleted. */
export const plain: Scenario = {
  restores: true,
  epochs: false,
  tabs: 1,
  faults: false,
  deletions: false,
};

/** Each run has some of what may happen: what never happens makes room for what is rare beside it. */
function chooseScenario(dice: Dice): Scenario {
  return {
    restores: dice.chance(80),
    epochs: dice.chance(50),
    tabs: dice.chance(70) ? mostTabs : 1,
    faults: dice.chance(70),
    deletions: dice.chance(70),
  };
}

/** One run. Everything in it follows from the seed. */
export async function simulate(
  seed: number,
  accounts: readonly [Genesis, Genesis],
  given: Partial<Scenario> = {},
): Promise<Outcome> {
  const dice = createDice(seed ^ 0xc0de);
  const counts = { devices: dice.between(2, 5), relays: dice.oneOf([1, 1, 1, 2, 3]) ?? 1 };
  const scenario = { ...chooseScenario(createDice(seed ^ 0x5ce9e)), ...given };
  const world = createWorld(seed, accounts, { ...counts, scenario });
  let error: Error | undefined;
  // Killed pages and relays are left as they are, so nothing may be thrown where nobody waits for it.
  const uncaught = (thrown: unknown) => (error ??= asError(thrown));
  process.on('unhandledRejection', uncaught);
  try {
    await run(world, scenario);
  } catch (thrown) {
    error ??= asError(thrown);
  } finally {
    process.off('unhandledRejection', uncaught);
    world.end();
  }
  const { hash, trace, record, frames } = world;
  return { seed, hash, trace, edits: record.edits.length, frames, ...(error && { error }) };
}

async function run(world: World, scenario: Scenario): Promise<void> {
  const { dice, time, relays, devices, record } = world;
  world.note(`${devices.length} devices, ${relays.length} relays, ${JSON.stringify(scenario)}`);
  for (const relay of relays) void relay.start();
  for (const device of devices) {
    beginTabOn(world, device);
    for (let more = 1; more < device.mostTabs; more++) if (dice.chance(70)) beginTabOn(world, device);
  }
  await time.advance(dice.between(0, 500));
  const steps = dice.between(30, 120);
  for (let step = 0; step < steps; step++) {
    act(world, scenario);
    await time.advance(pauseMs(world));
    record.check();
  }
  await settleAll(world);
}

/** Most things follow each other closely; some come after a while. */
function pauseMs({ dice }: World): number {
  if (dice.chance(50)) return dice.between(1, 60);
  if (dice.chance(80)) return dice.between(60, 2_000);
  return dice.between(2_000, 40_000);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
