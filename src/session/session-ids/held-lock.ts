import type { Locks, Platform } from '../../platform/platform.ts';

export interface HeldLock {
  /** Releases the lock, and resolves when others can acquire it. Idempotent. */
  release(): Promise<void>;
  /** Calls back once if the lock is stolen. In practice only a developer's tool does that. */
  onStolen(listener: () => void): void;
}

/** Undefined if `ifAvailable` is set and the lock is taken. Rejects if the browser refuses it or `signal` aborts. */
export function holdLock(
  locks: Locks,
  name: string,
  options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
): Promise<HeldLock | undefined> {
  return new Promise((resolve, reject) => {
    const listeners: (() => void)[] = [];
    let isReleased = false;
    const whole: Promise<void> = locks.request(name, options, (lock) => {
      if (!lock) {
        resolve(undefined);
        return Promise.resolve();
      }
      return new Promise<void>((release) =>
        resolve({
          release() {
            isReleased = true;
            release();
            return whole;
          },
          onStolen: (listener) => void listeners.push(listener),
        }),
      );
    });
    whole.catch((error: unknown) => {
      reject(error instanceof Error ? error : new Error('The lock was refused.', { cause: error }));
      // If the request fails while the lock is held, the lock was stolen.
      if (!isReleased) for (const listener of listeners) listener();
    });
  });
}

/**
 * Waits for a lock for at most `waitMs`, because a frozen page may hold one forever. Rejects with what `late` returns, or with
 * the signal's reason. Undefined if the browser has no locks or refuses them, as in sandboxed documents.
 */
export async function holdLockInTime(
  { clock, locks }: Pick<Platform, 'clock' | 'locks'>,
  name: string,
  limits: {
    readonly waitMs: number;
    readonly late: (cause: unknown) => Error;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<HeldLock | undefined> {
  const { waitMs, late, signal } = limits;
  signal?.throwIfAborted();
  if (!locks) return undefined;
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  const cancel = clock.after(waitMs, stop);
  signal?.addEventListener('abort', stop);
  try {
    return await holdLock(locks, name, { signal: waiting.signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (waiting.signal.aborted) throw late(error);
    return undefined;
  } finally {
    cancel();
    signal?.removeEventListener('abort', stop);
  }
}

/** Runs, then releases the lock. */
export async function whileHeld<T>(lock: HeldLock | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    void lock?.release().catch(() => {}); // A stolen lock is already gone.
  }
}
