/** A queue of ascending numbers with binary search. */
export interface NumberQueue {
  readonly length: number;
  push(number: number): void;
  at(index: number): number | undefined;
  countBelow(number: number): number;
  dropBelow(number: number, onDrop?: (number: number) => void): void;
}

export function createNumberQueue(): NumberQueue {
  let numbers = new Float64Array(1024);
  let [start, end] = [0, 0];

  function countBelow(number: number): number {
    let [low, high] = [start, end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[middle] ?? Infinity) < number) low = middle + 1;
      else high = middle;
    }
    return low - start;
  }

  return {
    get length() {
      return end - start;
    },
    push(number) {
      if (end === numbers.length) {
        const longer = new Float64Array(Math.max(1024, (end - start) * 2));
        longer.set(numbers.subarray(start, end));
        [numbers, start, end] = [longer, 0, end - start];
      }
      numbers[end++] = number;
    },
    at: (index) => (index >= 0 && index < end - start ? numbers[start + index] : undefined),
    countBelow,
    dropBelow(number, onDrop) {
      const dropped = countBelow(number);
      for (let index = 0; onDrop && index < dropped; index++) onDrop(numbers[start + index] ?? 0);
      start += dropped;
    },
  };
}
