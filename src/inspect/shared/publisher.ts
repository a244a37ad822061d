import type { Clock } from '../../base/clock.ts';

/** Reads and delivers while started: soon after a change, and at least once a second. */
export interface Publisher {
  changed(): void;
  /** For an action whose result the user awaits: publishes soon, regardless of the cost of reading. */
  acted(): void;
  start(): void;
  stop(): void;
}

const minDelayMs = 100;
const maxDelayMs = 1_000;
/** Idle time per unit of work: inspecting usually takes at most an eightieth of the main thread. */
const restPerWork = 80;
/** A longer pause would leave stale counts and durations on the screen, so inspecting may take up to a ninth instead. */
const usualRestMs = 2_000;
const leastRestPerWork = 8;

export interface PublisherOptions<Update> {
  readonly clock: Clock;
  readonly stopwatchMs: () => number;
  readonly read: () => Update;
  readonly deliver: (update: Update) => void;
}

export function createPublisher<Update>(options: PublisherOptions<Update>): Publisher {
  const { clock, stopwatchMs, read, deliver } = options;
  let running = false;
  let restUntilMs = 0;
  let isAwaited = false;
  let plannedMs = Infinity;
  let cancelRun: (() => void) | undefined;
  let cancelDelivery: (() => void) | undefined;

  function plan(delayMs: number): void {
    if (!running) return;
    const nowMs = clock.elapsedMs();
    const atMs = Math.max(nowMs + delayMs, isAwaited ? 0 : restUntilMs);
    if (atMs >= plannedMs) return;
    cancelRun?.();
    plannedMs = atMs;
    cancelRun = clock.after(atMs - nowMs, run);
  }

  function run(): void {
    plannedMs = Infinity;
    isAwaited = false;
    const { answer: update, tookMs } = timed(read);
    // In a separate task, because reading and delivering together could take long.
    cancelDelivery = clock.after(0, () => rest(tookMs + timed(() => deliver(update)).tookMs));
  }

  function rest(tookMs: number): void {
    restUntilMs =
      clock.elapsedMs() + Math.min(tookMs * restPerWork, Math.max(usualRestMs, tookMs * leastRestPerWork));
    const hasChanged = plannedMs < Infinity;
    if (hasChanged && !isAwaited) {
      cancelRun?.();
      plannedMs = Infinity;
    }
    plan(hasChanged ? minDelayMs : maxDelayMs);
  }

  function timed<Answer>(work: () => Answer): { readonly answer: Answer; readonly tookMs: number } {
    const beganMs = stopwatchMs();
    return { answer: work(), tookMs: stopwatchMs() - beganMs };
  }

  return {
    changed: () => plan(minDelayMs),
    acted() {
      isAwaited = true;
      plan(minDelayMs);
    },
    start() {
      running = true;
      plan(maxDelayMs);
    },
    stop() {
      running = false;
      plannedMs = Infinity;
      cancelRun?.();
      cancelDelivery?.();
    },
  };
}
