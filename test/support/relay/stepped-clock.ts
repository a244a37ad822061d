import type { Clock } from '../../../src/base/clock.ts';

/** A clock whose timers fire at once, or as soon as `during` resolves. It stops after 20 steps of 2 s. */
export function steppedClock(during: (step: number) => Promise<void> = async () => {}): Clock {
  let steps = 0;
  return {
    nowMs: () => 1_000_000 + steps * 2_000,
    elapsedMs: () => steps * 2_000,
    after(_, run) {
      let isCancelled = false;
      if (steps++ < 20) void during(steps).then(() => setImmediate(() => isCancelled || run()));
      return () => {
        isCancelled = true;
      };
    },
  };
}

/** A clock that fires the timers set so far when `tick` is called. */
export function manualClock(): Clock & { tick(): void } {
  let timers = new Set<() => void>();
  return {
    nowMs: () => 1_000_000,
    elapsedMs: () => 0,
    after(_, run) {
      timers.add(run);
      return () => timers.delete(run);
    },
    tick() {
      const due = timers;
      timers = new Set();
      for (const run of due) run();
    },
  };
}
