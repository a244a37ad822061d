import type { Genesis } from '../../src/session/account/genesis.ts';
import { act, beginTabOn, type Scenario } from './actions.ts';
import { createDice } from './random.ts';
import { settleAll } from './settle-all.ts';
import { createWorld, type World } from './world.ts';

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

/** One tab at a time: of several, each takes away the other's marks of what is unconfirmed, until tabs hear of each other. */
export const ordinary: Scenario = { restores: true, tabs: 1 };

/** One run. Everything in it follows from the seed. */
export async function simulate(
  seed: number,
  accounts: readonly [Genesis, Genesis],
  scenario: Partial<Scenario> = {},
): Promise<Outcome> {
  const dice = createDice(seed ^ 0xc0de);
  const counts = { devices: dice.between(2, 5), relays: dice.oneOf([1, 1, 1, 2, 3]) ?? 1 };
  const world = createWorld(seed, accounts, counts);
  let error: Error | undefined;
  // Killed pages and relays are left as they are, so nothing may be thrown where nobody waits for it.
  const uncaught = (thrown: unknown) => (error ??= asError(thrown));
  process.on('unhandledRejection', uncaught);
  try {
    await run(world, { ...ordinary, ...scenario });
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
  world.note(`${devices.length} devices, ${relays.length} relays`);
  for (const relay of relays) void relay.start();
  for (const device of devices) beginTabOn(world, device);
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
