/** Tasks that begin when a test says so. */
export interface FakeTasks {
  /** As a platform's: what waits for it goes on in the next task. */
  nextTask(): Promise<void>;
  /** Whether something waits for the next task. */
  readonly isWaited: boolean;
  /** Begins the next task, and resolves when all of it has run. */
  runOne(): Promise<void>;
  /** Runs until nothing waits for a task any more. Answers how many it took. */
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
      // Everything that follows in microtasks comes before a task of the real loop.
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
