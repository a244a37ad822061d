import { callListener } from './readable.ts';
import { createTimeSlices, type SliceTiming } from './time-slices.ts';

/** Handles small items for as long as a task may take, and the rest in later tasks. */
export interface Pacer {
  /** Lanes take turns. */
  lane<T>(handle: (item: T) => void): Lane<T>;
}

/** Handles items in the order in which they are pushed. */
export interface Lane<T> {
  /** Items not handled yet. */
  readonly waiting: number;
  /**
   * Handles items immediately if no lane is waiting and time is left. A handler's error is reported as uncaught; the
   * remaining items are still handled.
   */
  push(items: readonly T[]): void;
  /** Handles items in later tasks only. */
  pushLater(items: readonly T[]): void;
  /** Removes and returns the items not handled yet. */
  clear(): readonly T[];
}

export function createPacer(timing: SliceTiming): Pacer {
  /** Lanes with items, the next one first. */
  const busy = new Set<LaneQueue>();
  let isRunning = false;

  async function run(isLater: boolean): Promise<void> {
    isRunning = true;
    if (isLater) await timing.nextTask();
    const slices = createTimeSlices(timing);
    do {
      for (;;) {
        const [lane] = busy;
        if (!lane || slices.isOver()) break;
        busy.delete(lane);
        lane.handleNext();
      }
      // Stays running until the next task, so that items pushed before it do not start another slice in this one.
      await slices.next();
    } while (busy.size > 0);
    isRunning = false;
  }

  return {
    lane<T>(handle: (item: T) => void): Lane<T> {
      let items: T[] = [];
      // Reads by index, because removing the first element of a long array moves all others.
      let next = 0;

      const queue: LaneQueue = {
        handleNext() {
          const item = items[next++] as T;
          if (next < items.length) busy.add(queue);
          else clear();
          callListener(handle, item);
        },
      };

      function clear(): readonly T[] {
        const left = items.slice(next);
        items = [];
        next = 0;
        busy.delete(queue);
        return left;
      }

      function add(more: readonly T[], isLater: boolean): void {
        if (more.length === 0) return;
        for (const item of more) items.push(item);
        busy.add(queue);
        if (!isRunning) void run(isLater);
      }

      return {
        get waiting() {
          return items.length - next;
        },
        push: (more) => add(more, false),
        pushLater: (more) => add(more, true),
        clear,
      };
    },
  };
}

interface LaneQueue {
  handleNext(): void;
}
