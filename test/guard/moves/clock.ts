/** The time of everything in a run, also of timers. */
export interface Clock {
  nowMs: number;
  /** Runs the timers that are due, and what follows from them. */
  settle(): Promise<void>;
  /** Gives the process its own time back. */
  stop(): void;
}

export function startClock(nowMs: number): Clock {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = Date;
  const timers = new Map<number, { readonly dueMs: number; readonly run: () => void }>();
  let count = 0;
  const clock: Clock = {
    nowMs,
    async settle() {
      for (let round = 0; round < 3; round++) {
        await new Promise((resolve) => setImmediate(resolve));
        for (const [id, { dueMs, run }] of [...timers]) {
          if (dueMs > clock.nowMs || !timers.delete(id)) continue;
          run();
        }
      }
    },
    stop() {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = now;
    },
  };
  Date.now = () => clock.nowMs;
  Object.assign(globalThis, {
    setTimeout(run: () => void, delayMs = 0) {
      timers.set(++count, { dueMs: clock.nowMs + delayMs, run });
      return count;
    },
    clearTimeout: (id: number) => void timers.delete(id),
  });
  return clock;
}
