import type { Clock } from '../platform/clock.ts';

/** Writes in order, one at a time. A write that fails is tried again, with everything behind it, until it is done. */
export interface WriteQueue {
  push(write: Write): void;
  /** How many writes are not done yet. */
  readonly length: number;
  /** Resolves when all that was pushed before is written. Rejects with the write's error where the queue was closed first. */
  idle(): Promise<void>;
  /** Tries what is queued once more, then stops. Safe to call twice. */
  close(): Promise<void>;
}

export interface Write {
  /** Rejects when nothing was written. */
  run(): Promise<void>;
  done?(): void;
}

const firstDelayMs = 500;
const longestDelayMs = 10_000;

async function attempt(write: Write): Promise<{ readonly error: unknown } | undefined> {
  try {
    await write.run();
    return undefined;
  } catch (error) {
    return { error };
  }
}

export function createWriteQueue(options: {
  readonly clock: Clock;
  readonly onFailed: (error: unknown) => void;
  readonly onRecovered: () => void;
}): WriteQueue {
  const { clock, onFailed, onRecovered } = options;
  const writes: Write[] = [];
  const waiting: { resolve(): void; reject(error: unknown): void }[] = [];
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

  async function work(): Promise<void> {
    running = true;
    for (let write = writes[0]; write; write = writes[0]) {
      const failure = await attempt(write);
      if (failure) {
        failures++;
        lastError = failure.error;
        onFailed(failure.error);
        if (closing) break;
        await pause();
        wake = undefined;
        continue;
      }
      writes.shift();
      if (failures > 0) {
        failures = 0;
        onRecovered();
      }
      write.done?.();
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
    push(write) {
      if (closing) return;
      writes.push(write);
      if (!running) void work();
    },
    idle,
    async close() {
      closing = true;
      wake?.();
      await idle();
    },
  };
}
