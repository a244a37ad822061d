import type { Clock } from '../../base/clock.ts';
import type { Cost } from './cost.ts';

/** Processes queued items a few times a second, at less cost than one by one, in slices that keep the page responsive. */
export interface Backlog<Item> {
  add(items: readonly Item[]): void;
  /** Processes one slice now. Call before reading results. */
  catchUp(): void;
  /** Resolves once all items added so far are processed, or the backlog is closed. */
  settled(): Promise<void>;
  close(): void;
}

const intervalMs = 250;
/** Beyond this, `add` processes a slice itself, because a hidden page's timers are throttled. */
const maxWaiting = 500;
/** Time per slice, and the number of items between two looks at the stopwatch. */
const sliceMs = 4;
const itemsPerCheck = 16;

export function createBacklog<Item>(options: {
  readonly clock: Clock;
  readonly cost: Cost;
  readonly work: (items: readonly Item[]) => void;
  /** Called after each slice that no `catchUp` requested. */
  readonly onWorked: () => void;
}): Backlog<Item> {
  const { clock, cost, work, onWorked } = options;
  let waiting: Item[] = [];
  let next = 0;
  let processed = 0;
  let cancel: (() => void) | undefined;

  function catchUp(): void {
    if (waiting.length > 0) cost.measured(processSlice);
  }

  function processAndReport(): void {
    catchUp();
    onWorked();
  }

  function processSlice(): void {
    cancel?.();
    cancel = undefined;
    const beganMs = cost.stopwatchMs();
    try {
      do {
        const items = waiting.slice(next, next + itemsPerCheck);
        next += items.length;
        processed += items.length;
        work(items);
      } while (next < waiting.length && cost.stopwatchMs() - beganMs < sliceMs);
    } finally {
      dropProcessed();
      if (waiting.length > 0) cancel = clock.after(0, processAndReport);
    }
  }

  /** Only once half is processed, so that copying the rest costs no more than the work itself. */
  function dropProcessed(): void {
    if (next < waiting.length && next * 2 < waiting.length) return;
    waiting = waiting.slice(next);
    next = 0;
  }

  async function settled(): Promise<void> {
    const target = processed + waiting.length - next;
    catchUp();
    // The timer that `catchUp` set for the next slice fires before this one.
    while (processed < target && waiting.length > 0)
      await new Promise<void>((resolve) => clock.after(0, resolve));
  }

  return {
    add(items) {
      for (const item of items) waiting.push(item);
      if (waiting.length - next >= maxWaiting) processAndReport();
      else cancel ??= clock.after(intervalMs, processAndReport);
    },
    catchUp,
    settled,
    close() {
      cancel?.();
      waiting = [];
      next = 0;
    },
  };
}
