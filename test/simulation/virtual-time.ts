import timersPromises from 'node:timers/promises';
import { syncBuiltinESMExports } from 'node:module';
import type { Clock } from '../../src/base/clock.ts';

/** Replaces this process's timers and clock, which then advance only on request. cojson uses no other source of time. */
export interface VirtualTime extends Clock {
  /** Schedules work after everything that is due now. */
  immediate(run: () => void): void;
  /** Runs the timers due within `ms`, in order, including those they add. */
  advance(ms: number): Promise<void>;
  /** Restores the globals. Pending timers never run. */
  end(): void;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const startMs = Date.UTC(2026, 0, 1);
const realImmediate = setImmediate;
const keptGlobals = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
const keptImmediates = ['setImmediate', 'clearImmediate'] as const;

/** Only one at a time per process. Promises and microtasks stay real: they all run between two timers. */
export function beginVirtualTime(): VirtualTime {
  const timers = createTimers();
  let immediates = new Map<number, () => void>();
  let nowMs = startMs;
  let lastHandle = 0;
  const stopOf = new Map<number, () => void>();
  const before = Object.fromEntries(
    [...keptGlobals, ...keptImmediates].map((name) => [name, globalThis[name]]),
  );
  const { Date: RealDate, performance } = globalThis;
  const { setImmediate: realPromise } = timersPromises;

  const clock: Clock = {
    nowMs: () => nowMs,
    elapsedMs: () => nowMs - startMs,
    after: (delayMs, run) => timers.add(nowMs + Math.max(0, delayMs), run),
  };

  function immediate(run: () => void): () => void {
    const handle = ++lastHandle;
    immediates.set(handle, run);
    return () => void immediates.delete(handle);
  }

  /** Only cojson keeps timer handles, and a number is enough for it, as in a page. */
  function handled(begin: (handle: number) => () => void): number {
    const handle = ++lastHandle;
    stopOf.set(handle, begin(handle));
    return handle;
  }

  function clear(handle: unknown): void {
    const stop = typeof handle === 'number' ? stopOf.get(handle) : undefined;
    stop?.();
    stopOf.delete(Number(handle));
  }

  class VirtualDate extends RealDate {
    constructor(given: number | string | Date = nowMs) {
      super(given);
    }
    static override now = () => nowMs;
  }

  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
      handled((handle) =>
        clock.after(delayMs, () => {
          stopOf.delete(handle);
          run(...args);
        }),
      ),
    setInterval: (run: () => void, everyMs: number) =>
      handled(() => {
        let stop = clock.after(everyMs, function again() {
          stop = clock.after(everyMs, again);
          run();
        });
        return () => stop();
      }),
    setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) =>
      handled(() => immediate(() => run(...args))),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  performance.now = () => nowMs - startMs;
  timersPromises.setImmediate = <T>(value?: T) =>
    new Promise<T>((resolve) => void immediate(() => resolve(value as T)));
  syncBuiltinESMExports();

  /** Runs microtasks and immediates until none is left. */
  async function settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => realImmediate(resolve));
      if (immediates.size === 0) return;
      const due = immediates;
      immediates = new Map();
      for (const run of due.values()) run();
    }
  }

  return {
    ...clock,
    immediate: (run) => void immediate(run),
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (let next = timers.take(endMs); next; next = timers.take(endMs)) {
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
        await settle();
      }
      nowMs = endMs;
    },
    end() {
      Object.assign(globalThis, before, { Date: RealDate });
      Reflect.deleteProperty(performance, 'now');
      timersPromises.setImmediate = realPromise;
      syncBuiltinESMExports();
    },
  };
}

/** A binary heap, ordered by due time, then by start. */
function createTimers() {
  const heap: (Timer & { isOff: boolean })[] = [];
  let count = 0;
  const isBefore = (a: Timer, b: Timer) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  function swap(a: number, b: number): void {
    const [one, other] = [heap[a], heap[b]];
    if (one && other) [heap[a], heap[b]] = [other, one];
  }

  function goesBefore(a: number, b: number): boolean {
    const [one, other] = [heap[a], heap[b]];
    return one !== undefined && other !== undefined && isBefore(one, other);
  }

  function sinkFirst(): void {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const smaller = goesBefore(right, left) ? right : left;
      if (!goesBefore(smaller, at)) return;
      swap(at, smaller);
      at = smaller;
    }
  }

  function takeFirst() {
    const [first] = heap;
    swap(0, heap.length - 1);
    heap.pop();
    sinkFirst();
    return first;
  }

  return {
    /** Returns a function that cancels it. */
    add(atMs: number, run: () => void): () => void {
      const timer = { atMs, order: ++count, run, isOff: false };
      let at = heap.push(timer) - 1;
      for (let up = (at - 1) >> 1; at > 0 && goesBefore(at, up); up = (at - 1) >> 1) {
        swap(at, up);
        at = up;
      }
      return () => void (timer.isOff = true);
    },
    /** Removes and returns the first entry due by then. */
    take(untilMs: number): Timer | undefined {
      for (let [first] = heap; first && (first.isOff || first.atMs <= untilMs); [first] = heap) {
        takeFirst();
        if (!first.isOff) return first;
      }
      return undefined;
    },
  };
}
