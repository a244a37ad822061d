import type { Clock } from '../base/clock.ts';
import type { KernelError } from '../base/kernel-error.ts';
import { callListener } from '../base/readable.ts';
import { createTimeSlices } from '../base/time-slices.ts';

/** Writes in order. Retries a failed batch, and with it everything queued behind it, until it succeeds. */
export interface WriteQueue<Write> {
  push(write: Write): void;
  readonly length: number;
  /** Resolves when everything pushed so far is written. Rejects with the write's error if the queue was closed first. */
  idle(): Promise<void>;
  /** Resolves after at least one attempt at everything pushed so far. */
  attempted(): Promise<void>;
  readonly attempts: WriteAttempts;
  /** Attempts what is queued once more, then stops. Safe to call twice. */
  close(): Promise<void>;
}

/** The outcomes of writing, for inspection. */
export interface WriteAttempts {
  /** Undefined if the last attempt succeeded. */
  readonly failing: FailingAttempts | undefined;
  /** Calls `listener` after each attempt. Returns a function that removes it. */
  listen(listener: (attempt: WriteAttempt) => void): () => void;
}

export interface FailingAttempts {
  /** Consecutive failures. */
  readonly count: number;
  /** The first failure, in ms since the Unix epoch. */
  readonly sinceMs: number;
  /** The next attempt, in ms since the Unix epoch. */
  readonly retryAtMs: number;
}

export interface WriteAttempt {
  /** The number of writes in the batch. */
  readonly writes: number;
  readonly ms: number;
  /** Present if nothing was written. */
  readonly error?: KernelError;
}

export interface WriteQueueOptions<Write> {
  readonly clock: Clock;
  nextTask(): Promise<void>;
  readonly maxBatch: number;
  /** Writes all of the batch, or rejects. */
  write(writes: readonly Write[]): Promise<void>;
  /** Called for a few writes per task, because each call may trigger much work. */
  done(write: Write): void;
  /** Reports a failed attempt, and maps its error. */
  failed(error: unknown): KernelError;
}

const firstDelayMs = 500;
const maxDelayMs = 10_000;

export function createWriteQueue<Write>(options: WriteQueueOptions<Write>): WriteQueue<Write> {
  const { clock, nextTask, maxBatch, write, done, failed } = options;
  const writes: Write[] = [];
  const waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  let waitingForAttempt: { readonly count: number; resolve(): void }[] = [];
  let pushedCount = 0;
  let attemptedCount = 0;
  let running = false;
  let closing = false;
  let lastError: unknown;
  let failing: FailingAttempts | undefined;
  let retryDelayMs = 0;
  const listeners = new Set<(attempt: WriteAttempt) => void>();
  let wake: (() => void) | undefined;

  function nextFailing(): FailingAttempts {
    const nowMs = clock.nowMs();
    const { count = 0, sinceMs = nowMs } = failing ?? {};
    retryDelayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** count);
    return { count: count + 1, sinceMs, retryAtMs: nowMs + retryDelayMs };
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(retryDelayMs, resolve);
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
      attemptedCount = Math.max(attemptedCount, pushedCount - writes.length + batch.length);
      for (const waiter of waitingForAttempt) if (waiter.count <= attemptedCount) waiter.resolve();
      waitingForAttempt = waitingForAttempt.filter(({ count }) => count > attemptedCount);
    }
  }

  async function reportDone(batch: readonly Write[]): Promise<void> {
    const slices = createTimeSlices({ nowMs: clock.elapsedMs, nextTask });
    for (const entry of batch) {
      if (slices.isOver()) await slices.next();
      done(entry);
    }
  }

  async function work(): Promise<void> {
    while (writes.length > 0) {
      const batch = writes.slice(0, maxBatch);
      const startMs = clock.elapsedMs();
      const failure = await attempt(batch);
      failing = failure && nextFailing();
      const error = failure && failed(failure.error);
      const outcome = { writes: batch.length, ms: clock.elapsedMs() - startMs, ...(error && { error }) };
      for (const listener of [...listeners]) callListener(listener, outcome);
      if (failure && failing) {
        lastError = failure.error;
        if (closing) break;
        await pause();
        wake = undefined;
        continue;
      }
      writes.splice(0, batch.length);
      await reportDone(batch);
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
    push(entry) {
      if (closing) return;
      writes.push(entry);
      pushedCount++;
      if (running) return;
      running = true;
      // Batch this with everything else pushed in the same turn.
      queueMicrotask(() => void work());
    },
    idle,
    async attempted() {
      const count = pushedCount;
      if (attemptedCount < count)
        await new Promise<void>((resolve) => waitingForAttempt.push({ count, resolve }));
    },
    attempts: {
      get failing() {
        return failing;
      },
      listen(listener) {
        const entry = (attempt: WriteAttempt) => listener(attempt);
        listeners.add(entry);
        return () => void listeners.delete(entry);
      },
    },
    async close() {
      closing = true;
      wake?.();
      await idle();
    },
  };
}
