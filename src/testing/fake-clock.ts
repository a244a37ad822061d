import type { Clock } from '../base/clock.ts';

/** A clock that advances only by `advance`. */
export interface FakeClock extends Clock {
  /** Timers that have not run yet. */
  readonly waiting: number;
  /** Runs the timers that become due, in order. */
  advance(ms: number): void;
}

export function createFakeClock(startMs = 1_000_000): FakeClock {
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get waiting() {
      return timers.size;
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (!next) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      nowMs = endMs;
    },
  };
}
