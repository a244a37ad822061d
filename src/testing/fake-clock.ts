import type { Clock } from '../base/clock.ts';

/** A clock that advances only by `advance`. `elapsedMs` begins at 0. */
export interface FakeClock extends Clock {
  /** Timers that have not run yet. */
  readonly waiting: number;
  /** Runs the timers that become due, in order. */
  advance(ms: number): void;
  /** Moves `nowMs` alone, as if someone set the clock. Negative: back. */
  jump(ms: number): void;
}

/** `startMs`: the time that `nowMs` begins with, in ms since the Unix epoch. */
export function createFakeClock(startMs = 1_000_000): FakeClock {
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  let elapsedMs = 0;
  let wallMs = startMs;
  return {
    nowMs: () => wallMs + elapsedMs,
    elapsedMs: () => elapsedMs,
    after(delayMs, run) {
      const timer = { atMs: elapsedMs + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get waiting() {
      return timers.size;
    },
    advance(ms) {
      const endMs = elapsedMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (!next) break;
        timers.delete(next);
        elapsedMs = Math.max(elapsedMs, next.atMs);
        next.run();
      }
      elapsedMs = endMs;
    },
    jump: (ms) => void (wallMs += ms),
  };
}
