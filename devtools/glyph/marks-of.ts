import type { RungState, RungStates } from '../../src/inspect/unsynced/rung-states.ts';
import { rungs } from '../../src/inspect/snapshot.ts';

/** Where the segments of one state stand, from the left. */
export interface Marks {
  readonly state: RungState;
  readonly at: readonly number[];
}

const apart = 8;

/** Of the few ways in which rungs stand, lists of thousands of rows show the same ones again and again. */
const known = new Map<string, readonly Marks[]>();

/** The segments of a glyph by their state: what looks the same is drawn at once. */
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
