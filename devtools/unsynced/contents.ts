import type { UnsyncedRow } from '../../src/inspect/snapshot.ts';

/** Contents to search in. */
export interface Contents {
  /** From here on some more may be read. */
  lookAgain(): void;
  /** Empty, too, for what is left to one of the next looks. */
  of(row: UnsyncedRow): string;
}

/** So many for one look: thousands of rows are searched over a few of them, and none of them is felt. */
const readsPerLook = 500;

/** A row that says nothing new is the same object, so what it stands for is read once. */
export function createContents(read: (id: string) => string): Contents {
  const known = new WeakMap<UnsyncedRow, string>();
  let left = readsPerLook;
  return {
    lookAgain: () => void (left = readsPerLook),
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
