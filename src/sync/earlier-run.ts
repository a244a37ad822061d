import type { StorageAPI } from 'cojson';
import { coverageOfState } from './coverage.ts';
import type { Ladder } from './ladder.ts';
import type { RelayEvidence } from './relay-evidence.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

/** Tells the ladder what an earlier run saved and no relay confirmed, without loading it. Calls `settled` once, when all of it is known. */
export function recallEarlierRun(options: {
  readonly storage: StorageAPI | undefined;
  readonly marks: UnconfirmedMarks;
  readonly ladder: Ladder;
  readonly evidence: RelayEvidence;
  readonly settled: () => void;
}): void {
  const { storage, marks, ladder, evidence, settled } = options;
  marks.read((ids) => {
    let left = ids.length;
    if (left === 0) return settled();
    for (const id of ids) {
      storage?.loadKnownState(id, (state) => {
        if (state) {
          const need = coverageOfState(state);
          ladder.edited(id, need);
          ladder.reached('saved', id, need);
          ladder.reached('confirmed', id, evidence.saidOf(id));
        } else {
          marks.set(id, false); // Marked, and then never stored.
        }
        if (--left === 0) settled();
      });
    }
  });
}
