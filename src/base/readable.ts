/**
 * An observable value that follows the Svelte store contract: `subscribe` calls the listener at once, then after each
 * change. `current` and `subscribe` also fit React's `useSyncExternalStore` without an adapter.
 */
export interface Readable<T> {
  readonly current: T;
  /** Calls the listener until the returned function is called. */
  subscribe(listener: (value: T) => void): () => void;
}

export interface Writable<T> extends Readable<T> {
  set(value: T): void;
}

/** A listener that throws does not stop the others: its error is reported as uncaught, as for DOM events. */
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
      // A listener may set the next value, which is then the last that each one gets, or end another one.
      for (const listener of [...listeners]) if (listeners.has(listener)) callListener(listener, current);
    },
    subscribe(listener) {
      // The same function may subscribe twice, so each subscription has its own entry.
      const entry = (value: T) => listener(value);
      listeners.add(entry);
      callListener(entry, current);
      return () => void listeners.delete(entry);
    },
  };
}

/** Returns a `subscribe` that calls `begin` before the first subscription, and `end` after the last one has ended. */
export function subscribeCounted<T>(
  source: Pick<Readable<T>, 'subscribe'>,
  begin: () => void,
  end: () => void,
): Readable<T>['subscribe'] {
  let count = 0;
  return (listener) => {
    if (count++ === 0) begin();
    const unsubscribe = source.subscribe(listener);
    let isEnded = false;
    return () => {
      if (isEnded) return;
      isEnded = true;
      unsubscribe();
      if (--count === 0) end();
    };
  };
}

/** Calls one listener, and reports what it throws as an uncaught error. */
export function callListener<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
