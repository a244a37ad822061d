import type { Clock } from '../../base/clock.ts';

export interface SilenceWatch {
  received(): void;
  stop(): void;
}

/** Calls `onSilent` once when nothing has arrived for `limitMs`. */
export function createSilenceWatch(clock: Clock, limitMs: number, onSilent: () => void): SilenceWatch {
  let receivedAtMs = clock.elapsedMs();
  let cancel = clock.after(limitMs, check);

  function check(): void {
    const leftMs = receivedAtMs + limitMs - clock.elapsedMs();
    // After a page slept, the timer fires before queued data is delivered: let that arrive before deciding.
    cancel = leftMs > 0 ? clock.after(leftMs, check) : clock.after(0, decide);
  }

  function decide(): void {
    if (receivedAtMs + limitMs > clock.elapsedMs()) check();
    else onSilent();
  }

  return {
    received() {
      receivedAtMs = clock.elapsedMs();
    },
    stop: () => cancel(),
  };
}
