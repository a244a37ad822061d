import type { Clock } from '../../base/clock.ts';
import type { Cost } from './cost.ts';

/**
 * What taps hear is put down in the moment, and worked through a few times a second: all at once it takes a part of the
 * time that it takes piece by piece between everything else. Much of it is worked through in slices, so that the page
 * stays responsive.
 */
export interface Backlog<Item> {
  /** In order: behind what waits already. */
  add(items: readonly Item[]): void;
  /** Before anybody looks: all of it, or as much as one slice holds. */
  catchUp(): void;
  /** Resolves once all is worked through that was added until now, or it is closed. */
  settled(): Promise<void>;
  close(): void;
}

const everyMs = 250;
/** Where timers rest, as in a page that is hidden, adding works, too. */
const mostWaiting = 500;
/** Milliseconds at a time, and the items that are worked through before the time is looked at. */
const sliceMs = 4;
const itemsBetween = 16;

export function createBacklog<Item>(options: {
  readonly clock: Clock;
  readonly cost: Cost;
  readonly work: (items: readonly Item[]) => void;
  /** After each slice that nobody asked for. */
  readonly onWorked: () => void;
}): Backlog<Item> {
  const { clock, cost, work, onWorked } = options;
  let waiting: Item[] = [];
  let next = 0;
  let worked = 0;
  let cancel: (() => void) | undefined;

  function catchUp(): void {
    if (waiting.length > 0) cost.measured(workThroughSlice);
  }

  function workAndTell(): void {
    catchUp();
    onWorked();
  }

  function workThroughSlice(): void {
    cancel?.();
    cancel = undefined;
    const beganMs = cost.stopwatchMs();
    try {
      do {
        const items = waiting.slice(next, next + itemsBetween);
        next += items.length;
        worked += items.length;
        work(items);
      } while (next < waiting.length && cost.stopwatchMs() - beganMs < sliceMs);
    } finally {
      letGoOfWorkedThrough();
      if (waiting.length > 0) cancel = clock.after(0, workAndTell);
    }
  }

  /** Where more comes than is worked through, too; seldom enough that moving the rest costs no more than the work did. */
  function letGoOfWorkedThrough(): void {
    if (next < waiting.length && next * 2 < waiting.length) return;
    waiting = waiting.slice(next);
    next = 0;
  }

  async function settled(): Promise<void> {
    const all = worked + waiting.length - next;
    catchUp();
    // Its own timer, which was set before, goes on with it.
    while (worked < all && waiting.length > 0) await new Promise<void>((resolve) => clock.after(0, resolve));
  }

  return {
    add(items) {
      for (const item of items) waiting.push(item);
      if (waiting.length - next >= mostWaiting) workAndTell();
      else cancel ??= clock.after(everyMs, workAndTell);
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
