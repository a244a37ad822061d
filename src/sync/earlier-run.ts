import type { StorageAPI } from 'cojson';
import { knownCountsOfState, type KnownCounts } from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

/** Adds an earlier run's unconfirmed edits to the ladder without loading them. Calls `settled` once, with all of them. */
export function restoreEarlierRun(options: {
  readonly storage: StorageAPI | undefined;
  readonly marks: UnconfirmedMarks;
  readonly ladder: Ladder;
  /** What each relay has reported about the CoValue in the meantime, by relay ID. */
  readonly reportedCounts: (id: string) => ReadonlyMap<string, KnownCounts>;
  readonly settled: (leftBehind: ReadonlyMap<string, KnownCounts>) => void;
}): void {
  const { storage, marks, ladder, reportedCounts, settled } = options;
  marks.read((ids) => {
    const leftBehind = new Map<string, KnownCounts>();
    let left = ids.length;
    if (left === 0) return settled(leftBehind);
    for (const id of ids) {
      storage?.loadKnownState(id, (state) => {
        if (state) {
          const need = knownCountsOfState(state);
          leftBehind.set(id, need);
          ladder.edited(id, need);
          ladder.saved(id, need);
          for (const [relayID, said] of reportedCounts(id)) ladder.confirmed(id, said, relayID);
        } else {
          marks.set(id, false); // The CoValue was marked but never stored.
        }
        if (--left === 0) settled(leftBehind);
      });
    }
  });
}
