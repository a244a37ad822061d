import { createReadable, subscribeCounted, type Readable } from '../../base/readable.ts';

/** A Readable that works only while it is subscribed to. Without a subscription, `current` is read anew each time. */
export interface CountedReadable<T> extends Readable<T> {
  /** True during the call of `changed` that publishes at once. */
  readonly isUrgent: boolean;
  /** Publishes now what is due later. */
  publishDue(): void;
  /** Ends the work; `current` stays as it is while subscribed to. */
  close(): void;
}

export interface CountedWork<T> {
  /** Returns the same value as before unless something has changed. */
  read(): T;
  /** The first subscription starts the work. Returns what ends it after the last. */
  start(changed: Changed): () => void;
}

/** Call it after a change. `atOnce` publishes in this call, for example because the user is typing; otherwise it is published later. */
export type Changed = (atOnce?: boolean) => void;

/** Calls a function once, later. */
export type Later = (run: () => void) => void;

/** Of a turn with more changes, the rest are published together. */
const mostAtOnce = 10;

/** `later` decides when changes are published that are not urgent: at the end of the turn by default. */
export function createCountedReadable<T>(
  { read, start }: CountedWork<T>,
  later: Later = queueMicrotask,
): CountedReadable<T> {
  const state = createReadable(read());
  let isSubscribed = false;
  let isUrgent = false;
  let stop = () => {};
  /** A change may not have been published yet. */
  let isDue = false;
  /** How many changes of this turn were published at once. */
  let published = 0;

  function publish(): void {
    state.set(read());
  }

  function publishDue(): void {
    if (!isDue) return;
    isDue = false;
    if (isSubscribed) publish();
  }

  function changed(atOnce = false): void {
    if (!isDue) {
      isDue = true;
      later(publishDue);
    }
    if (!atOnce || published >= mostAtOnce) return;
    if (published++ === 0) queueMicrotask(() => (published = 0));
    isUrgent = true;
    publish();
    isUrgent = false;
  }

  const subscribe = subscribeCounted(
    state,
    () => {
      isSubscribed = true;
      stop = start(changed);
      publish();
      publishDue();
    },
    () => {
      isSubscribed = false;
      stop();
    },
  );

  return {
    publishDue,
    get isUrgent() {
      return isUrgent;
    },
    get current() {
      return isSubscribed && !isDue ? state.current : read();
    },
    subscribe(listener) {
      publishDue();
      return subscribe(listener);
    },
    close() {
      stop();
      stop = () => {};
    },
  };
}
