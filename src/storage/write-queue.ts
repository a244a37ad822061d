import type { Clock } from '../base/clock.ts';
import type { KernelError } from '../base/kernel-error.ts';
import { callListener } from '../base/readable.ts';
import { createTimeSlices } from '../base/time-slices.ts';

/** Writes in order. What fails is tried again, with everything behind it, until it is done. */
export interface WriteQueue<Write> {
  push(write: Write): void;
  /** How many writes are not done yet. */
  readonly length: number;
  /** Resolves when all that was pushed before is written. Rejects with the write's error where the queue was closed first. */
  idle(): Promise<void>;
  /** Resolves when all that was pushed before was tried at least once. */
  tried(): Promise<void>;
  readonly tries: WriteTries;
  /** Tries what is queued once more, then stops. Safe to call twice. */
  close(): Promise<void>;
}

/** How writing goes, for who looks at it. */
export interface WriteTries {
  /** Undefined where the last try wrote what it had to. */
  readonly failing: FailingTries | undefined;
  /** Each try from now on, as it ends. Returns the end. */
  listen(listener: (tried: WriteTry) => void): () => void;
}

export interface FailingTries {
  /** In a row. */
  readonly count: number;
  /** When the first of them, and when the next one, in ms since the Unix epoch. */
  readonly sinceMs: number;
  readonly retryAtMs: number;
}

export interface WriteTry {
  /** How many were to be written, and how long that took. */
  readonly writes: number;
  readonly ms: number;
  /** Present where nothing was written. */
  readonly error?: KernelError;
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
  /** Answers how that is called. */
  failed(error: unknown): KernelError;
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
  let failing: FailingTries | undefined;
  const listeners = new Set<(tried: WriteTry) => void>();
  let wake: (() => void) | undefined;

  function notWritten(): FailingTries {
    const nowMs = clock.nowMs();
    const { count = 0, sinceMs = nowMs } = failing ?? {};
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** count);
    return { count: count + 1, sinceMs, retryAtMs: nowMs + delayMs };
  }

  function pause({ retryAtMs }: FailingTries): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(retryAtMs - clock.nowMs(), resolve);
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
      const beganMs = clock.nowMs();
      const failure = await attempt(batch);
      failing = failure && notWritten();
      const error = failure && failed(failure.error);
      const tried = { writes: batch.length, ms: clock.nowMs() - beganMs, ...(error && { error }) };
      for (const listener of [...listeners]) callListener(listener, tried);
      if (failure && failing) {
        lastError = failure.error;
        if (closing) break;
        await pause(failing);
        wake = undefined;
        continue;
      }
      writes.splice(0, batch.length);
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
    tries: {
      get failing() {
        return failing;
      },
      listen(listener) {
        const own = (tried: WriteTry) => listener(tried);
        listeners.add(own);
        return () => void listeners.delete(own);
      },
    },
    async close() {
      closing = true;
      wake?.();
      await idle();
    },
  };
}
