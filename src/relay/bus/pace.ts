import type { Clock } from '../../base/clock.ts';

export interface Pace {
  /** Runs at once, or together with all further calls once the pause since the last run is over. */
  call(): void;
  stop(): void;
}

/** Limits how often strangers can make a relay work. */
export function createPace(run: () => void, pauseMs: number, clock: Clock): Pace {
  let ranAtMs = -Infinity;
  let cancel: (() => void) | undefined;

  function runNow(): void {
    cancel = undefined;
    ranAtMs = clock.elapsedMs();
    run();
  }

  return {
    call() {
      if (cancel) return;
      const waitMs = ranAtMs + pauseMs - clock.elapsedMs();
      if (waitMs <= 0) runNow();
      else cancel = clock.after(waitMs, runNow);
    },
    stop: () => cancel?.(),
  };
}
