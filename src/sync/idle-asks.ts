import type { Clock } from '../base/clock.ts';

/**
 * Asks a relay for what it has not spoken of, where it has fallen silent: an edit that came to it in another way than from
 * here, or whose acknowledgement went elsewhere, it would never acknowledge by itself.
 */
export interface IdleAsks {
  connected(): void;
  /** The relay has said something of a CoValue. */
  heard(): void;
  lost(): void;
}

/** Commits take their time, and what is being sent speaks for itself. */
export const idleMs = 5_000;
/** Where asking changes nothing, it is asked less and less often. */
export const mostIdleMs = 80_000;

/** `ask` sends what there is to ask, and answers how much that was. */
export function askWhenIdle(clock: Clock, ask: () => number): IdleAsks {
  let heardAtMs = 0;
  let waitMs = idleMs;
  let cancel = () => {};

  function look(): void {
    if (clock.nowMs() - heardAtMs >= waitMs) {
      // What comes back counts as heard; where that was all, the next look finds nothing to ask.
      waitMs = ask() > 0 ? Math.min(waitMs * 2, mostIdleMs) : idleMs;
      heardAtMs = clock.nowMs();
    }
    cancel = clock.after(idleMs, look);
  }

  return {
    connected() {
      heardAtMs = clock.nowMs();
      waitMs = idleMs;
      cancel();
      cancel = clock.after(idleMs, look);
    },
    heard: () => void (heardAtMs = clock.nowMs()),
    lost: () => cancel(),
  };
}
