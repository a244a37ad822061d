import type { Clock } from './clock.ts';

/** Runs it until it succeeds, with a delay that doubles. Resolves with undefined once `signal` is aborted. */
export async function retry<T>(
  run: () => Promise<T>,
  options: {
    readonly clock: Pick<Clock, 'after'>;
    readonly signal: AbortSignal;
    /** Not called for an attempt that fails because of `signal`. */
    failed?(error: unknown): void;
    readonly firstDelayMs?: number;
    readonly maxDelayMs?: number;
  },
): Promise<T | undefined> {
  const { clock, signal, failed, firstDelayMs = 500, maxDelayMs = 10_000 } = options;
  for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(maxDelayMs, delayMs * 2)) {
    try {
      return await run();
    } catch (error) {
      if (signal.aborted) break;
      failed?.(error);
      await pause(delayMs, clock, signal);
    }
  }
  return undefined;
}

/** Resolves after the delay, or once `signal` is aborted. */
export function pause(delayMs: number, clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(delayMs, end);
    signal.addEventListener('abort', end);
  });
}
