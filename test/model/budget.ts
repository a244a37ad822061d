import type { Harm, World } from './world.ts';

export const spendable = (world: World, harm: Harm): boolean => (world.budget[harm] ?? 0) > 0;
export function spend(world: World, harm: Harm): void {
  world.budget[harm] = (world.budget[harm] ?? 0) - 1;
}
