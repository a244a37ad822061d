import type { Clock } from '../../base/clock.ts';

/** Reads and delivers while there is anybody to read: soon after a change, and at least once a second. */
export interface Publisher {
  changed(): void;
  /** Somebody waits to see what came of what they did: soon, whatever reading costs. */
  acted(): void;
  start(): void;
  stop(): void;
}

const soonestMs = 100;
const latestMs = 1_000;
/** So inspecting takes no more than an eightieth of the main thread, however much there is to read. */
const restPerWork = 80;

export interface PublisherOptions<News> {
  readonly clock: Clock;
  /** Finer than the clock. */
  readonly stopwatchMs: () => number;
  readonly read: () => News;
  readonly deliver: (news: News) => void;
}

export function createPublisher<News>(options: PublisherOptions<News>): Publisher {
  const { clock, stopwatchMs, read, deliver } = options;
  let running = false;
  let restUntilMs = 0;
  let isAwaited = false;
  let plannedMs = Infinity;
  let cancelRun: (() => void) | undefined;
  let cancelDelivery: (() => void) | undefined;

  function plan(delayMs: number): void {
    if (!running) return;
    const nowMs = clock.nowMs();
    const atMs = Math.max(nowMs + delayMs, isAwaited ? 0 : restUntilMs);
    if (atMs >= plannedMs) return;
    cancelRun?.();
    plannedMs = atMs;
    cancelRun = clock.after(atMs - nowMs, run);
  }

  function run(): void {
    plannedMs = Infinity;
    isAwaited = false;
    const { answer: news, tookMs } = timed(read);
    // In a task of its own: with much to tell, both together would be a long one.
    cancelDelivery = clock.after(0, () => rest(tookMs + timed(() => deliver(news)).tookMs));
  }

  function rest(tookMs: number): void {
    restUntilMs = clock.nowMs() + tookMs * restPerWork;
    const hasChanged = plannedMs < Infinity;
    if (hasChanged && !isAwaited) {
      cancelRun?.();
      plannedMs = Infinity;
    }
    plan(hasChanged ? soonestMs : latestMs);
  }

  function timed<Answer>(work: () => Answer): { readonly answer: Answer; readonly tookMs: number } {
    const beganMs = stopwatchMs();
    return { answer: work(), tookMs: stopwatchMs() - beganMs };
  }

  return {
    changed: () => plan(soonestMs),
    acted() {
      isAwaited = true;
      plan(soonestMs);
    },
    start() {
      running = true;
      plan(latestMs);
    },
    stop() {
      running = false;
      plannedMs = Infinity;
      cancelRun?.();
      cancelDelivery?.();
    },
  };
}
