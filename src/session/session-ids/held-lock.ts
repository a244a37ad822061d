import type { Locks } from '../../platform/platform.ts';

export interface HeldLock {
  /** Lets go of it, and resolves when others can have it. Safe to call twice. */
  release(): Promise<void>;
  /** Calls once, when the lock was taken away: nobody but a developer's tool does that. */
  onRobbed(listener: () => void): void;
}

/** Takes a lock and keeps it. Undefined where `ifAvailable` and somebody else has it; rejects where the browser refuses, or `signal` aborts the wait. */
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
      return new Promise<void>((letGo) =>
        resolve({
          release() {
            isReleased = true;
            letGo();
            return whole;
          },
          onRobbed: (listener) => void listeners.push(listener),
        }),
      );
    });
    whole.catch((error: unknown) => {
      reject(error instanceof Error ? error : new Error('The lock was refused.', { cause: error }));
      // Held already, the promise above is settled, and the lock is gone.
      if (!isReleased) for (const listener of listeners) listener();
    });
  });
}
