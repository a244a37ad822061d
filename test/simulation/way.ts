import type { Clock } from '../../src/base/clock.ts';
import type { Dice } from './random.ts';

/** One direction of a connection: what goes in comes out later, in order. */
export interface Way {
  /** Not on the network yet. */
  readonly bufferedBytes: number;
  push(frame: string, left?: () => void): void;
  /** The other side takes nothing, and what comes waits. */
  hold(isHeld: boolean): void;
  stall(ms: number): void;
  /** Calls `run` once all that is on the way has arrived. */
  end(run: () => void): void;
  /** Nothing that is on the way arrives, and nothing that comes. */
  drop(): void;
}

export function createWay(options: {
  readonly clock: Clock;
  readonly dice: Dice;
  arrive(frame: string): void;
}): Way {
  const { clock, dice, arrive } = options;
  let queue: { readonly atMs: number; readonly run: () => void }[] = [];
  let bufferedBytes = 0;
  let isHeld = false;
  let isDropped = false;
  let stalledUntilMs = 0;
  let cancel: (() => void) | undefined;

  function add(run: () => void): void {
    const soonestMs = Math.max(clock.nowMs(), queue.at(-1)?.atMs ?? 0);
    queue.push({ atMs: Math.max(soonestMs, clock.nowMs() + dice.between(1, 40)), run });
    look();
  }

  function look(): void {
    const [first] = queue;
    if (cancel || isHeld || !first) return;
    const dueMs = Math.max(first.atMs, stalledUntilMs);
    cancel = clock.after(dueMs - clock.nowMs(), () => {
      cancel = undefined;
      if (isHeld) return;
      if (clock.nowMs() < stalledUntilMs) return look();
      queue.shift();
      first.run();
      look();
    });
  }

  return {
    get bufferedBytes() {
      return bufferedBytes;
    },
    push(frame, left) {
      if (isDropped) return;
      bufferedBytes += frame.length;
      clock.after(dice.between(0, 3), () => {
        bufferedBytes -= frame.length;
        left?.();
      });
      add(() => arrive(frame));
    },
    hold(held) {
      isHeld = held;
      look();
    },
    stall(ms) {
      stalledUntilMs = clock.nowMs() + ms;
    },
    end: (run) => add(run),
    drop() {
      isDropped = true;
      queue = [];
      cancel?.();
      cancel = undefined;
    },
  };
}
