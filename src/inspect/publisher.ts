import type { Clock } from '../platform/clock.ts';

/** Calls `publish` while there is anybody to read: soon after a change, and at least once a second. */
export interface Publisher {
  changed(): void;
  /** Somebody waits to see what came of what they did: soon, whatever reading costs. */
  acted(): void;
  start(): void;
  stop(): void;
}

const soonestMs = 100;
const latestMs = 1_000;
/** So inspecting takes no more than a fiftieth of the main thread, however much there is to read. */
const restPerWork = 50;

/** The stopwatch is finer than the clock. */
export function createPublisher(clock: Clock, stopwatchMs: () => number, publish: () => void): Publisher {
  let running = false;
  let restUntilMs = 0;
  let plannedMs = Infinity;
  let cancel: (() => void) | undefined;

  function plan(delayMs: number): void {
    const nowMs = clock.nowMs();
    const atMs = Math.max(nowMs + delayMs, restUntilMs);
    if (!running || atMs >= plannedMs) return;
    cancel?.();
    plannedMs = atMs;
    cancel = clock.after(atMs - nowMs, run);
  }

  function run(): void {
    plannedMs = Infinity;
    const beganMs = stopwatchMs();
    publish();
    restUntilMs = clock.nowMs() + (stopwatchMs() - beganMs) * restPerWork;
    plan(latestMs);
  }

  return {
    changed: () => plan(soonestMs),
    acted() {
      restUntilMs = 0;
      plan(soonestMs);
    },
    start() {
      running = true;
      plan(latestMs);
    },
    stop() {
      running = false;
      plannedMs = Infinity;
      cancel?.();
    },
  };
}
