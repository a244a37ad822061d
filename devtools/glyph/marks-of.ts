import type { RungState, RungStates } from '../../src/inspect/unsynced/rung-states.ts';
import { rungs } from '../../src/inspect/snapshot/overview-facts.ts';

/** The x positions of all segments with one state. */
export interface Marks {
  readonly state: RungState;
  readonly at: readonly number[];
}

const apart = 8;

/** A cache: thousands of rows share a few combinations of states. */
const known = new Map<string, readonly Marks[]>();

/** Groups a glyph's segments by state, so that each group is one path. */
export function marksOf(states: RungStates): readonly Marks[] {
  const key = rungs.map((rung) => states[rung]).join();
  let marks = known.get(key);
  if (!marks) known.set(key, (marks = groupByState(states)));
  return marks;
}

function groupByState(states: RungStates): readonly Marks[] {
  const placesByState = new Map<RungState, number[]>();
  for (const [index, rung] of rungs.entries()) {
    const places = placesByState.get(states[rung]);
    if (places) places.push(index * apart);
    else placesByState.set(states[rung], [index * apart]);
  }
  return Array.from(placesByState, ([state, at]) => ({ state, at }));
}
