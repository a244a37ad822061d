import type { StorageAPI } from 'cojson';
import { coverageOfState, type Coverage } from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

/** Tells the ladder what an earlier run saved and no relay confirmed, without loading it. Calls `settled` once, with all of it. */
export function recallEarlierRun(options: {
  readonly storage: StorageAPI | undefined;
  readonly marks: UnconfirmedMarks;
  readonly ladder: Ladder;
  /** What the relays have said of it meanwhile, by their ids. */
  readonly saidOf: (id: string) => ReadonlyMap<string, Coverage>;
  readonly settled: (leftBehind: ReadonlyMap<string, Coverage>) => void;
}): void {
  const { storage, marks, ladder, saidOf, settled } = options;
  marks.read((ids) => {
    const leftBehind = new Map<string, Coverage>();
    let left = ids.length;
    if (left === 0) return settled(leftBehind);
    for (const id of ids) {
      storage?.loadKnownState(id, (state) => {
        if (state) {
          const need = coverageOfState(state);
          leftBehind.set(id, need);
          ladder.edited(id, need);
          ladder.saved(id, need);
          for (const [relayID, said] of saidOf(id)) ladder.confirmed(id, said, relayID);
        } else {
          marks.set(id, false); // Marked, and then never stored.
        }
        if (--left === 0) settled(leftBehind);
      });
    }
  });
}
