/** Runs at most `count` tasks at once; further ones wait in order, without a timeout. */
export interface Semaphore {
  run<T>(task: () => Promise<T>): Promise<T>;
  /** The number of tasks that wait. */
  waiting(): number;
}

export function createSemaphore(count: number): Semaphore {
  const waiting: (() => void)[] = [];
  let free = count;

  return {
    waiting: () => waiting.length,
    async run(task) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free++;
      }
    },
  };
}
