import type { Clock } from '../base/clock.ts';

export interface SilenceWatch {
  heard(): void;
  stop(): void;
}

/** Calls `onSilent` once when nothing was heard for `limitMs`, counted by time of arrival. */
export function createSilenceWatch(clock: Clock, limitMs: number, onSilent: () => void): SilenceWatch {
  let heardAtMs = clock.nowMs();
  let cancel = clock.after(limitMs, look);

  function look(): void {
    const leftMs = heardAtMs + limitMs - clock.nowMs();
    // A page that slept wakes to a late timer while bytes wait in its queue: they are taken in before this is decided.
    cancel = leftMs > 0 ? clock.after(leftMs, look) : clock.after(0, decide);
  }

  function decide(): void {
    if (heardAtMs + limitMs > clock.nowMs()) look();
    else onSilent();
  }

  return {
    heard() {
      heardAtMs = clock.nowMs();
    },
    stop: () => cancel(),
  };
}
