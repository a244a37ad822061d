import { takeChanceFrom } from '../../simulation/random.ts';
import { createBoundAccount } from '../bound-account.ts';
import { checkConvergence } from './check-convergence.ts';
import { checkShown } from './check-reading.ts';
import { checkRoles } from './check-roles.ts';
import { checkSecrecy } from './check-secrecy.ts';
import { startClock, type Clock } from './clock.ts';
import { moveInValue, moveToDelete } from './data-moves.ts';
import { createDice } from './dice.ts';
import { moveInGroup } from './group-moves.ts';
import { editHonestly, publish, rememberKeys } from './honest-steps.ts';
import { groupNames } from './model.ts';
import { deliver, garble, replay } from './relay-moves.ts';
import { change, changeRoles } from './role-steps.ts';
import { createWorld } from './create-world.ts';
import { firstMs, type World } from './world.ts';

export const movesPerSeed = 100;
const movesPerRound = 25;

/** Plays the moves of attackers that follow from a seed, among honest edits. Resolves with what they have achieved. */
export async function play(seed: number): Promise<readonly string[]> {
  const dice = createDice(seed);
  const clock = startClock(firstMs);
  const restoreChance = takeChanceFrom(createDice(seed + 1_000_000));
  try {
    const world = await createWorld(dice, clock, await createBoundAccount());
    for (let move = 0; move < movesPerSeed; move++) {
      if (dice.chance(40)) goOn(world);
      attack(world);
      if (move % movesPerRound < movesPerRound - 1) continue;
      await clock.settle();
      check(world);
      if (world.breaches.length > 0) return world.breaches;
    }
    for (let round = 0; round < 2; round++) {
      for (const device of world.devices) deliver(world, device, true);
      await passPatience(clock);
      for (const device of world.devices) publish(world, device);
    }
    check(world);
    checkSecrecy(world);
    await checkConvergence(world);
    return world.breaches;
  } finally {
    restoreChance();
    clock.stop();
  }
}

/** How long a group waits for members and parents that do not exist. */
async function passPatience(clock: Clock): Promise<void> {
  await clock.settle();
  clock.nowMs += 10_000;
  await clock.settle();
}

/** The honest go on meanwhile. */
function goOn(world: World): void {
  const { dice } = world;
  if (dice.chance(25)) removeOrChange(world);
  if (dice.chance(70)) editHonestly(world);
  if (dice.chance(70)) deliver(world, dice.pick(world.devices));
  rememberKeys(world);
}

/** One move of an attacker. */
function attack(world: World): void {
  const { dice, clock } = world;
  clock.nowMs += dice.chance(30) ? 0 : dice.between(1, 3_000);
  const by = dice.pick(world.attackers);
  dice.byWeight<() => void>([
    [12, () => moveInGroup(world, by, dice.pick(groupNames))],
    [9, () => moveInValue(world, by)],
    [1, () => moveToDelete(world, by)],
    [3, () => replay(world)],
    [2, () => garble(world)],
  ])();
}

/** Who is to be removed is removed first. */
function removeOrChange(world: World): void {
  const { attackers, model } = world;
  const removed = attackers.find(({ name }) => name === 'removed');
  const group = removed && groupNames.find((name) => model.states[0]?.roles[name].has(removed.id));
  if (removed && group && model.states.length === 1) change(world, group, removed.id, 'revoked');
  else changeRoles(world);
}

function check(world: World): void {
  rememberKeys(world);
  for (const device of world.devices) {
    publish(world, device);
    checkRoles(world, device);
    checkShown(world, device);
  }
  if (Reflect.get({}, 'polluted') !== undefined)
    world.breaches.push('every object has an attacker’s property');
  Reflect.deleteProperty(Object.prototype, 'polluted');
}
