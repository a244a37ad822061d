import { longestRunMs, type FaultPlan, type Span, type WayFaults } from '../snapshot/fault-facts.ts';

/** Limits durations to the longest run: JSON has no `Infinity`, and a longer duration has no further effect. */
export function boundedPlan({ lifeMs, up, down, ...plan }: FaultPlan): FaultPlan {
  return {
    ...plan,
    ...(lifeMs !== undefined && { lifeMs: cut(lifeMs) }),
    ...(up && { up: cutWay(up) }),
    ...(down && { down: cutWay(down) }),
  };
}

function cutWay({ stall, spells, delayMs, dropTail, reorder, ...faults }: WayFaults): WayFaults {
  return {
    ...faults,
    ...(stall && { stall: { ...stall, ms: cut(stall.ms) } }),
    ...(spells && { spells: { everyMs: cutMs(spells.everyMs), stillMs: cutMs(spells.stillMs) } }),
    ...(delayMs !== undefined && { delayMs: cut(delayMs) }),
    ...(dropTail && { dropTail: { ...dropTail, breaksAfterMs: cut(dropTail.breaksAfterMs) } }),
    ...(reorder && { reorder: { ...reorder, breaksAfterMs: cut(reorder.breaksAfterMs) } }),
  };
}

function cut(span: Span): Span {
  return typeof span === 'number' ? cutMs(span) : [cutMs(span[0]), cutMs(span[1])];
}

function cutMs(ms: number): number {
  return Math.min(ms, longestRunMs);
}
