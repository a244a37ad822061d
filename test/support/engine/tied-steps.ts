import { createDice } from '../../simulation/random.ts';
import type { EditStep } from './tied-edits.ts';

/** One step of a run. Numbers choose among what exists then, so that a run stays valid when steps are left out. */
export type Step =
  | EditStep
  /** Time passes; 0 for a turn of the event loop in the same millisecond. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'deliver'; readonly to: number; readonly queues: readonly number[] }
  | { readonly kind: 'read'; readonly at: number; readonly what: number }
  | { readonly kind: 'unload'; readonly at: number; readonly what: number }
  | { readonly kind: 'restart'; readonly at: number; readonly order: number };

/** The steps of a run: edits in few distinct milliseconds, and their delivery in any order. */
export function drawSteps(seed: number, count: number): readonly Step[] {
  const dice = createDice(seed);
  const number = () => dice.between(0, 999);
  // Some runs change few CoValues, so that edits meet.
  const kinds = dice.between(1, 15);
  const isSkewed = dice.chance(30);
  const draw = (): Step => {
    const chance = dice.between(1, 100);
    if (chance <= 45) {
      return {
        kind: 'edit',
        at: number(),
        what: dice.chance(35) ? dice.between(0, 2) : number() % kinds,
        how: number(),
        where: number(),
        value: number(),
        isTrusting: dice.chance(50),
        clockOffMs: isSkewed ? dice.between(-3, 3) : 0,
      };
    }
    if (chance <= 75) {
      return { kind: 'deliver', to: number(), queues: Array.from({ length: dice.between(1, 6) }, number) };
    }
    if (chance <= 88) return { kind: 'read', at: number(), what: number() };
    if (chance <= 95) return { kind: 'wait', ms: dice.between(0, 1) };
    if (chance <= 98) return { kind: 'unload', at: number(), what: number() };
    return { kind: 'restart', at: number(), order: number() };
  };
  return Array.from({ length: count }, draw);
}

/** Leaves out the steps without which the run still fails. */
export async function shrink(
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
): Promise<readonly Step[]> {
  let left = steps;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let from = 0; from < left.length;) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)];
      if (await fails(fewer)) left = fewer;
      else from += size;
    }
  }
  return left;
}
