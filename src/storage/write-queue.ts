import type { Clock } from '../platform/clock.ts';
import { createTimeSlices } from '../platform/time-slices.ts';

/** Writes in order. What fails is tried again, with everything behind it, until it is done. */
export interface WriteQueue<Write> {
  push(write: Write): void;
  /** How many writes are not done yet. */
  readonly length: number;
  /** Resolves when all that was pushed before is written. Rejects with the write's error where the queue was closed first. */
  idle(): Promise<void>;
  /** Resolves when all that was pushed before was tried at least once. */
  tried(): Promise<void>;
  /** Tries what is queued once more, then stops. Safe to call twice. */
  close(): Promise<void>;
}

export interface WriteQueueOptions<Write> {
  readonly clock: Clock;
  nextTask(): Promise<void>;
  /** How many are written at once, of those that wait. */
  readonly atOnce: number;
  /** Rejects when nothing was written. */
  write(writes: readonly Write[]): Promise<void>;
  /** Of thousands, a few in each task of the page, as much follows on each. */
  done(write: Write): void;
  failed(error: unknown): void;
}

const firstDelayMs = 500;
const longestDelayMs = 10_000;

export function createWriteQueue<Write>(options: WriteQueueOptions<Write>): WriteQueue<Write> {
  const { clock, nextTask, atOnce, write, done, failed } = options;
  const writes: Write[] = [];
  const waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  let waitingForTry: { readonly count: number; resolve(): void }[] = [];
  let pushedCount = 0;
  let triedCount = 0;
  let running = false;
  let closing = false;
  let lastError: unknown;
  let failures = 0;
  let wake: (() => void) | undefined;

  function pause(): Promise<void> {
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1));
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async function attempt(batch: readonly Write[]): Promise<{ readonly error: unknown } | undefined> {
    try {
      await write(batch);
      return undefined;
    } catch (error) {
      return { error };
    } finally {
      triedCount = Math.max(triedCount, pushedCount - writes.length + batch.length);
      for (const each of waitingForTry) if (each.count <= triedCount) each.resolve();
      waitingForTry = waitingForTry.filter(({ count }) => count > triedCount);
    }
  }

  async function tellDone(batch: readonly Write[]): Promise<void> {
    const slices = createTimeSlices({ nowMs: clock.nowMs, nextTask });
    for (const each of batch) {
      if (slices.isOver()) await slices.next();
      done(each);
    }
  }

  async function work(): Promise<void> {
    while (writes.length > 0) {
      const batch = writes.slice(0, atOnce);
      const failure = await attempt(batch);
      if (failure) {
        failures++;
        lastError = failure.error;
        failed(failure.error);
        if (closing) break;
        await pause();
        wake = undefined;
        continue;
      }
      writes.splice(0, batch.length);
      failures = 0;
      await tellDone(batch);
    }
    running = false;
    for (const { resolve, reject } of waiting.splice(0)) {
      if (writes.length === 0) resolve();
      else reject(lastError);
    }
  }

  async function idle(): Promise<void> {
    if (running) return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    if (writes.length > 0) throw lastError;
  }

  return {
    get length() {
      return writes.length;
    },
    push(each) {
      if (closing) return;
      writes.push(each);
      pushedCount++;
      if (running) return;
      running = true;
      // What comes in the same turn is written at once with it.
      queueMicrotask(() => void work());
    },
    idle,
    async tried() {
      const count = pushedCount;
      if (triedCount < count) await new Promise<void>((resolve) => waitingForTry.push({ count, resolve }));
    },
    async close() {
      closing = true;
      wake?.();
      await idle();
    },
  };
}
