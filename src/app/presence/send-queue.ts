import type { Clock } from '../../base/clock.ts';

/** Lets the rooms of a session send by turns: a relay takes 30 frames a second of a client, in all rooms together. */
export interface SendQueue {
  /** Calls `send` soon, once for all calls until then. */
  add(send: () => void): void;
  remove(send: () => void): void;
  close(): void;
}

/** 20 frames a second. */
const intervalMs = 50;

export function createSendQueue(clock: Pick<Clock, 'after' | 'elapsedMs'>): SendQueue {
  const due = new Set<() => void>();
  let sentAtMs = -Infinity;
  let cancel: (() => void) | undefined;

  function sendNext(): void {
    cancel = undefined;
    const [send] = due;
    if (!send) return;
    due.delete(send);
    sentAtMs = clock.elapsedMs();
    send();
    schedule();
  }

  function schedule(): void {
    if (cancel || due.size === 0) return;
    const waitMs = sentAtMs + intervalMs - clock.elapsedMs();
    if (waitMs <= 0) sendNext();
    else cancel = clock.after(waitMs, sendNext);
  }

  return {
    add(send) {
      due.add(send);
      schedule();
    },
    remove: (send) => void due.delete(send),
    close() {
      due.clear();
      cancel?.();
    },
  };
}
