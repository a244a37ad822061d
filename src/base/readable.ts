/**
 * A value that changes, in the form of the Svelte store contract: `subscribe` calls at once, then only when the
 * value changed. `current` and `subscribe` also fit React's `useSyncExternalStore` with no adapter.
 */
export interface Readable<T> {
  readonly current: T;
  subscribe(listener: (value: T) => void): () => void;
}

export interface Writable<T> extends Readable<T> {
  set(value: T): void;
}

/** A listener that throws does not stop the others: its error is reported as uncaught, as the platform does for events. */
export function createReadable<T>(initial: T, equals: (a: T, b: T) => boolean = Object.is): Writable<T> {
  const listeners = new Set<(value: T) => void>();
  let current = initial;
  return {
    get current() {
      return current;
    },
    set(value) {
      if (equals(current, value)) return;
      current = value;
      for (const listener of [...listeners]) callListener(listener, value);
    },
    subscribe(listener) {
      // The same function may subscribe twice, and each subscription ends on its own.
      const own = (value: T) => listener(value);
      listeners.add(own);
      callListener(own, current);
      return () => void listeners.delete(own);
    },
  };
}

/** Calls one listener; what it throws surfaces as an uncaught error and reaches nobody else. */
export function callListener<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
