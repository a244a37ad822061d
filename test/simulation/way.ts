import type { Clock } from '../../src/base/clock.ts';
import type { Dice } from './random.ts';

/** One direction of a connection: delivers frames later, in order. */
export interface Way {
  /** Sent but not on the network yet. */
  readonly bufferedBytes: number;
  push(frame: string, sent?: () => void): void;
  /** The receiver pauses; frames wait. */
  hold(isHeld: boolean): void;
  stall(ms: number): void;
  /** Calls `run` after the frames in transit have arrived. */
  end(run: () => void): void;
  /** Discards the frames in transit and all later ones. */
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
    schedule();
  }

  function schedule(): void {
    const [first] = queue;
    if (cancel || isHeld || !first) return;
    const dueMs = Math.max(first.atMs, stalledUntilMs);
    cancel = clock.after(dueMs - clock.nowMs(), () => {
      cancel = undefined;
      if (isHeld) return;
      if (clock.nowMs() < stalledUntilMs) return schedule();
      queue.shift();
      first.run();
      schedule();
    });
  }

  return {
    get bufferedBytes() {
      return bufferedBytes;
    },
    push(frame, sent) {
      if (isDropped) return;
      bufferedBytes += frame.length;
      clock.after(dice.between(0, 3), () => {
        bufferedBytes -= frame.length;
        sent?.();
      });
      add(() => arrive(frame));
    },
    hold(shouldHold) {
      isHeld = shouldHold;
      schedule();
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
