import type { Clock } from '../platform/clock.ts';

/** Calls `publish` while there is anybody to read: soon after a change, and at least once a second. */
export interface Publisher {
  changed(): void;
  start(): void;
  stop(): void;
}

const soonestMs = 100;
const latestMs = 1_000;
/** So inspecting takes no more than a fiftieth of the main thread, however much there is to read. */
const restPerWork = 50;

/** `publish` returns how long it took, in milliseconds. */
export function createPublisher(clock: Clock, publish: () => number): Publisher {
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
    const tookMs = publish();
    restUntilMs = clock.nowMs() + tookMs * restPerWork;
    plan(latestMs);
  }

  return {
    changed: () => plan(soonestMs),
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
