import { createReadable, type Readable } from '../../src/base/readable.ts';

/** A Readable that counts its subscriptions. */
export function countedReadable<T>(initial: T): {
  readonly readable: Readable<T>;
  set(value: T): void;
  readonly counts: { readonly now: number; readonly most: number };
} {
  const source = createReadable(initial);
  const counts = { now: 0, most: 0 };
  const readable: Readable<T> = {
    get current() {
      return source.current;
    },
    subscribe(listener) {
      const stop = source.subscribe(listener);
      counts.most = Math.max(counts.most, ++counts.now);
      return () => {
        stop();
        counts.now--;
      };
    },
  };
  return { readable, set: (value) => source.set(value), counts };
}
