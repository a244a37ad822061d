import type { Locks } from '../../platform/platform.ts';

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
