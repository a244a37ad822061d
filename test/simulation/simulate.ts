import type { Genesis } from '../../src/session/account/genesis.ts';
import { act, startTabOn } from './actions.ts';
import { createDiskChecks } from './check-disks.ts';
import { createWorld } from './create-world.ts';
import { createDice, type Dice } from './random.ts';
import { settleAll } from './settle-all.ts';
import type { Scenario, World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  /** A hash of the trace and of every frame received. Equal runs have equal hashes. */
  readonly hash: string;
  readonly trace: readonly string[];
  readonly edits: number;
  readonly frames: number;
  readonly error?: Error;
}

export const maxTabs = 3;

/** Every page has a session ID of its own. */
export const newIDs = {
  reusedIDs: false,
  copies: false,
  http: false,
  absentAuthors: false,
} satisfies Partial<Scenario>;

/** What runs had before pages reused session IDs and roles changed: seeds that were pinned then have their schedules. */
export const before = { ...newIDs, roles: false } satisfies Partial<Scenario>;

/**
 * The first branch of a forked session that reaches the only relay is the one that stays. With several relays, or one that
 * goes back, each branch may be at some relay, and cojson cannot join them. Which edits count is judged by their places,
 * which those of the other branches lose.
 */
const oneBranch = {
  restores: false,
  stock: false,
  connectKills: false,
  roles: false,
} satisfies Partial<Scenario>;

/** Restores as they were before they came with faults of their own. */
export const simpleRestores = {
  lateRecords: false,
  connectKills: false,
  manyCoValues: false,
} satisfies Partial<Scenario>;

/**
 * One tab per device, no locks, few clock jumps, no connection faults, no announced restores, no deletions, and no faults
 * around restores.
 */
export const plain: Scenario = {
  restores: true,
  epochs: false,
  tabs: 1,
  locks: false,
  clockJumps: false,
  faults: false,
  deletions: false,
  stock: false,
  roles: false,
  ...simpleRestores,
  ...newIDs,
};

/** Each run has only some of the possible faults: leaving others out makes room for rare combinations. */
function chooseScenario(
  dice: Dice,
  restoreDice: Dice,
  deviceDice: Dice,
  stockDice: Dice,
  roleDice: Dice,
): Omit<Scenario, keyof typeof newIDs> {
  // Together, these find far more than each alone.
  const percent = restoreDice.chance(50) ? 100 : 15;
  return {
    restores: dice.chance(80),
    epochs: dice.chance(50),
    tabs: dice.chance(70) ? maxTabs : 1,
    locks: deviceDice.chance(50),
    clockJumps: deviceDice.chance(30),
    faults: dice.chance(70),
    deletions: dice.chance(70),
    lateRecords: restoreDice.chance(percent),
    connectKills: restoreDice.chance(percent),
    manyCoValues: restoreDice.chance(percent),
    stock: stockDice.chance(12),
    roles: roleDice.chance(25),
  };
}

/** Performs one run, which the seed determines completely. */
export async function simulate(
  seed: number,
  accounts: readonly [Genesis, Genesis],
  overrides: Partial<Scenario> = {},
): Promise<Outcome> {
  const dice = createDice(seed ^ 0xc0de);
  const counts = { devices: dice.between(2, 5), relays: dice.oneOf([1, 1, 1, 2, 3]) ?? 1 };
  const drawn = {
    reusedIDs: createDice(seed ^ 0x1d5e5).chance(20),
    copies: createDice(seed ^ 0xc0b1e5).chance(10),
    http: createDice(seed ^ 0x477be).chance(20),
    absentAuthors: createDice(seed ^ 0xab5e7).chance(10),
    ...chooseScenario(
      createDice(seed ^ 0x5ce9e),
      createDice(seed ^ 0x4e57),
      createDice(seed ^ 0x10cc),
      createDice(seed ^ 0x570c4),
      createDice(seed ^ 0x401e5),
    ),
    ...overrides,
  };
  const scenario = drawn.copies ? { ...drawn, ...oneBranch } : drawn;
  if (scenario.copies) counts.relays = 1;
  const world = createWorld(seed, accounts, { ...counts, scenario });
  let error: Error | undefined;
  // Killed pages and relays leave promises behind; none of them may reject unhandled.
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
  const { hash, trace, ledger, frames } = world;
  return { seed, hash, trace, edits: ledger.edits.length, frames, ...(error && { error }) };
}

async function run(world: World, scenario: Scenario): Promise<void> {
  const { dice, time, relays, devices, ledger, history } = world;
  world.note(`${devices.length} devices, ${relays.length} relays, ${JSON.stringify(scenario)}`);
  for (const relay of relays) void relay.start();
  for (const device of devices) {
    startTabOn(world, device);
    for (let more = 1; more < device.maxTabs; more++) if (dice.chance(70)) startTabOn(world, device);
  }
  await time.advance(dice.between(0, 500));
  const steps = dice.between(30, 120);
  const checkDisks = createDiskChecks(world);
  for (let step = 0; step < steps; step++) {
    act(world, scenario);
    await time.advance(pauseMs(world));
    ledger.check();
    checkDisks();
    for (const tab of world.tabs) history.read(tab);
  }
  await settleAll(world);
  history.check(world.tabs);
}

/** Usually short, sometimes long. */
function pauseMs({ dice }: World): number {
  if (dice.chance(50)) return dice.between(1, 60);
  if (dice.chance(80)) return dice.between(60, 2_000);
  return dice.between(2_000, 40_000);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
