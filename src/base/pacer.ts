import { callListener } from './readable.ts';
import { createTimeSlices, type SliceTiming } from './time-slices.ts';

/** Deals with small things one by one for as long as a task may take, and with the others in later tasks. */
export interface Pacer {
  /** All lanes share the time, in turn. */
  lane<T>(handle: (thing: T) => void): Lane<T>;
}

/** Things that are dealt with in the order in which they came. */
export interface Lane<T> {
  /** How many have not been dealt with. */
  readonly waiting: number;
  /**
   * Deals with them at once where nothing waits in any lane and this task has time left. One that throws does not stop the
   * others: its error is reported as uncaught.
   */
  push(things: readonly T[]): void;
  /** Deals with them in later tasks only: this one has taken its time. */
  pushLater(things: readonly T[]): void;
  /** Takes out what waits. */
  clear(): readonly T[];
}

export function createPacer(timing: SliceTiming): Pacer {
  /** Those with something to do, the next one first. */
  const busy = new Set<Turns>();
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
        lane.takeTurn();
      }
      // What comes before the next task belongs to this one's share.
      await slices.next();
    } while (busy.size > 0);
    isRunning = false;
  }

  return {
    lane<T>(handle: (thing: T) => void): Lane<T> {
      let things: T[] = [];
      // Taking the first of a long array moves all the others, so it is read by an index.
      let next = 0;

      const turns: Turns = {
        takeTurn() {
          const thing = things[next++] as T;
          if (next < things.length) busy.add(turns);
          else clear();
          callListener(handle, thing);
        },
      };

      function clear(): readonly T[] {
        const left = things.slice(next);
        things = [];
        next = 0;
        busy.delete(turns);
        return left;
      }

      function add(more: readonly T[], isLater: boolean): void {
        if (more.length === 0) return;
        for (const thing of more) things.push(thing);
        busy.add(turns);
        if (!isRunning) void run(isLater);
      }

      return {
        get waiting() {
          return things.length - next;
        },
        push: (more) => add(more, false),
        pushLater: (more) => add(more, true),
        clear,
      };
    },
  };
}

interface Turns {
  takeTurn(): void;
}
