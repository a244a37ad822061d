/** Tasks that a test starts one by one. */
export interface FakeTasks {
  /** Like the platform's: resolves in the next task. */
  nextTask(): Promise<void>;
  /** Whether any code waits for the next task. */
  readonly isWaited: boolean;
  /** Starts the next task and resolves when it has run completely. */
  runOne(): Promise<void>;
  /** Runs tasks until no code waits for one. Returns their number. */
  runAll(): Promise<number>;
}

export function createFakeTasks(): FakeTasks {
  let waiting: (() => void)[] = [];
  const tasks: FakeTasks = {
    nextTask: () => new Promise((resolve) => waiting.push(resolve)),
    get isWaited() {
      return waiting.length > 0;
    },
    async runOne() {
      const resolves = waiting;
      waiting = [];
      for (const resolve of resolves) resolve();
      // All microtasks run before the next real task.
      await new Promise((resolve) => setImmediate(resolve));
    },
    async runAll() {
      let count = 0;
      for (; tasks.isWaited; count++) await tasks.runOne();
      return count;
    },
  };
  return tasks;
}
