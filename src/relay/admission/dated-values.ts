/** Values with the dates from which they hold. */
export interface DatedValues<T> {
  add(atMs: number, value: T): void;
  /** The value at a date, which may be Infinity. */
  at(atMs: number): T | undefined;
  /** The value at a date and those before it, the latest first. */
  backFrom(atMs: number): Iterable<T>;
  /** The first value that begins after a date. */
  after(atMs: number): T | undefined;
}

export function createDatedValues<T>(): DatedValues<T> {
  /** Sorted by date. */
  const dates: number[] = [];
  const values: T[] = [];

  /** How many begin by this date. */
  function countBy(atMs: number): number {
    let [low, high] = [0, dates.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((dates[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(atMs, value) {
      const place = countBy(atMs);
      dates.splice(place, 0, atMs);
      values.splice(place, 0, value);
    },
    at: (atMs) => values[countBy(atMs) - 1],
    *backFrom(atMs) {
      for (let place = countBy(atMs) - 1; place >= 0; place--) yield values[place] as T;
    },
    after: (atMs) => values[countBy(atMs)],
  };
}
