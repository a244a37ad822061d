import { createReadable, subscribeCounted, type Readable } from './readable.ts';

/**
 * A readable whose source comes later. It has the initial value until then, asks for its source at its first subscription, and
 * follows the source while it is subscribed. If `load` rejects, the next subscription calls it again.
 */
export function createLazyReadable<T>(initial: T, load: () => Promise<Readable<T>>): Readable<T> {
  const value = createReadable(initial);
  let source: Readable<T> | undefined;
  let loading: Promise<void> | undefined;
  let isSubscribed = false;
  let stopFollowing: (() => void) | undefined;

  function follow(): void {
    if (isSubscribed) stopFollowing ??= source?.subscribe((next) => value.set(next));
    // A listener may have ended itself meanwhile.
    if (!isSubscribed) stop();
  }

  function stop(): void {
    stopFollowing?.();
    stopFollowing = undefined;
    // Keeps nothing that the source may let go.
    value.set(initial);
  }

  async function begin(): Promise<void> {
    try {
      source = await load();
      follow();
    } catch {
      loading = undefined;
    }
  }

  const subscribe = subscribeCounted(
    value,
    () => {
      isSubscribed = true;
      follow();
    },
    () => {
      isSubscribed = false;
      stop();
    },
  );

  return {
    get current() {
      return source?.current ?? initial;
    },
    subscribe(listener) {
      loading ??= begin();
      return subscribe(listener);
    },
  };
}
