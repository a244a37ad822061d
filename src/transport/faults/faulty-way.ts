import type { Clock } from '../../base/clock.ts';
import { momentOf, type FaultDone, type Span, type WayFaults } from './fault-plan.ts';

/** One direction of one channel. */
export interface FaultyWay {
  take(frame: string): void;
  /** Calls `run` once every frame that was accepted and not lost has arrived. */
  whenThrough(run: () => void): void;
  /** The number of characters held back here. */
  readonly heldLength: number;
  /** Stops delivery. Returns the late frames. */
  end(): readonly string[];
}

export function createFaultyWay(options: {
  readonly faults: WayFaults;
  /** In [0, 1). Called equally often for each frame, so that one fault does not shift the others. */
  readonly random: () => number;
  readonly clock: Clock;
  /** When the first pause began, in ms since the Unix epoch. */
  readonly sinceMs: number;
  done(what: FaultDone): void;
  arrived(frame: string): void;
  breakChannel(): void;
}): FaultyWay {
  const { faults, random, clock, sinceMs, done, arrived, breakChannel } = options;
  const {
    close = 0,
    stall,
    spells,
    delayMs = 0,
    dropTail,
    duplicate = 0,
    reorder,
    charactersPerSecond,
  } = faults;
  const queue: { readonly atMs: number; readonly run: () => void; readonly length: number }[] = [];
  const late: string[] = [];
  /** The fate of all further frames. */
  let tail: 'lost' | 'late' | undefined;
  let notBeforeMs = 0;
  let freeAtMs = 0;
  let heldLength = 0;
  let isRunning = false;
  let hasEnded = false;
  let cancelRun = () => {};
  let cancelBreak = () => {};

  function beginTail(kind: 'lost' | 'late', breaksAfterMs: Span, fraction: number): void {
    tail = kind;
    cancelBreak = afterSpan(clock, momentOf(breaksAfterMs, fraction), breakChannel);
  }

  function take(frame: string): void {
    if (hasEnded) return;
    const [breaks, drops, reorders, stalls, repeats, span, delay] = Array.from(
      { length: 7 },
      random,
    ) as Rolls;
    if (!tail && breaks < close) return breakChannel();
    if (!tail && dropTail && drops < dropTail.chance) beginTail('lost', dropTail.breaksAfterMs, span);
    if (!tail && reorder && reorders < reorder.chance) beginTail('late', reorder.breaksAfterMs, span);
    if (tail === 'late') late.push(frame);
    if (tail) return done(tail);
    const nowMs = clock.nowMs();
    if (stall && stalls < stall.chance) notBeforeMs = Math.max(notBeforeMs, nowMs + momentOf(stall.ms, span));
    notBeforeMs = Math.max(notBeforeMs, nowMs + momentOf(delayMs, delay));
    const copies = repeats < duplicate ? 2 : 1;
    if (copies === 2) done('repeated');
    for (let copy = 0; copy < copies; copy++) {
      if (charactersPerSecond !== undefined) {
        freeAtMs = Math.max(freeAtMs, nowMs) + (frame.length / charactersPerSecond) * 1_000;
      }
      const atMs = afterSpell(Math.max(notBeforeMs, freeAtMs));
      if (copy === 0 && atMs > nowMs) done('held');
      put(atMs, () => arrived(frame), frame.length);
    }
  }

  function afterSpell(atMs: number): number {
    if (!spells) return atMs;
    const { everyMs, stillMs } = spells;
    const intoMs = Math.max(0, atMs - sinceMs) % everyMs;
    // A pause without end.
    if (stillMs >= everyMs) return Infinity;
    return intoMs < stillMs ? atMs + stillMs - intoMs : atMs;
  }

  function put(atMs: number, run: () => void, length: number): void {
    queue.push({ atMs, run, length });
    heldLength += length;
    runDue();
  }

  /** Delivers synchronously unless something holds a frame, so that an empty plan changes nothing. */
  function runDue(): void {
    if (isRunning) return;
    isRunning = true;
    for (let [next] = queue; next && next.atMs <= clock.nowMs(); [next] = queue) {
      queue.shift();
      heldLength -= next.length;
      next.run();
    }
    isRunning = false;
    cancelRun();
    const [next] = queue;
    if (next) cancelRun = afterSpan(clock, next.atMs - clock.nowMs(), runDue);
  }

  return {
    take,
    whenThrough: (run) => put(queue.at(-1)?.atMs ?? afterSpell(clock.nowMs()), run, 0),
    get heldLength() {
      return heldLength;
    },
    end() {
      hasEnded = true;
      cancelRun();
      cancelBreak();
      queue.length = 0;
      heldLength = 0;
      return late.splice(0);
    },
  };
}

type Rolls = [number, number, number, number, number, number, number];

/** Skips infinite timers, which a clock may treat as due. */
function afterSpan(clock: Clock, ms: number, run: () => void): () => void {
  return Number.isFinite(ms) ? clock.after(ms, run) : () => {};
}
