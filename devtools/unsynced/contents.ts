import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';

/** The searchable contents of CoValues, read in small portions. */
export interface Contents {
  startPortion(): void;
  /** Returns '' for contents left to a later portion. */
  of(row: UnsyncedRow): string;
}

/** Limits each portion, so that searching thousands of rows does not block the page. */
const readsPerPortion = 500;

/** Unchanged rows keep their identity, so each row's content is read only once. */
export function createContents(read: (id: string) => string): Contents {
  const known = new WeakMap<UnsyncedRow, string>();
  let left = readsPerPortion;
  return {
    startPortion: () => void (left = readsPerPortion),
    of(row) {
      let words = known.get(row);
      if (words === undefined && left > 0) {
        left--;
        words = read(row.id);
        known.set(row, words);
      }
      return words ?? '';
    },
  };
}
