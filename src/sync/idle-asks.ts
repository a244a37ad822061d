import type { Clock } from '../base/clock.ts';

/** Queries a silent relay about unconfirmed edits: it does not acknowledge those that another route or client sent. */
export interface IdleAsks {
  connected(): void;
  /** Call when the relay has sent a message about a CoValue. */
  received(): void;
  lost(): void;
}

/** Leaves time for commits. While content is being sent, acknowledgements come without a query. */
export const idleMs = 5_000;
/** The interval doubles up to this while queries change nothing. */
export const maxIdleMs = 80_000;

/** `ask` sends the queries and returns how many it sent. */
export function askWhenIdle(clock: Clock, ask: () => number): IdleAsks {
  let receivedAtMs = 0;
  let waitMs = idleMs;
  let cancel = () => {};

  function check(): void {
    if (clock.nowMs() - receivedAtMs >= waitMs) {
      // Answers reset the timer. If they confirm everything, the next check has nothing to ask.
      waitMs = ask() > 0 ? Math.min(waitMs * 2, maxIdleMs) : idleMs;
      receivedAtMs = clock.nowMs();
    }
    cancel = clock.after(idleMs, check);
  }

  return {
    connected() {
      receivedAtMs = clock.nowMs();
      waitMs = idleMs;
      cancel();
      cancel = clock.after(idleMs, check);
    },
    received: () => void (receivedAtMs = clock.nowMs()),
    lost: () => cancel(),
  };
}
