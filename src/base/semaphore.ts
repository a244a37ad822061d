/** How many of something may be at work at a time. Who comes later waits for its turn, however long that takes. */
export interface Slots {
  /** Runs it in its turn. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;

  return {
    async run(task) {
      if (free > 0) free--;
      else await new Promise<void>((go) => waiting.push(go));
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
