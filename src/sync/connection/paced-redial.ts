import type { Clock } from '../../base/clock.ts';
import { backOffMs } from './back-off.ts';

/** Dials again at once, but with a growing delay if that is soon needed again. */
export interface PacedRedial {
  request(): void;
  /** Call when the connection ends, which makes a redial that waits unneeded. */
  cancel(): void;
}

/** Two tabs that reach different storages at one address each make the other's connection outdated, without end. */
const calmMs = 60_000;

export function createPacedRedial(options: {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly redial: () => void;
}): PacedRedial {
  const { clock, random, redial } = options;
  let lastMs = -Infinity;
  let repeats = 0;
  let cancel: (() => void) | undefined;

  function dial(): void {
    cancel = undefined;
    lastMs = clock.elapsedMs();
    redial();
  }

  return {
    request() {
      if (cancel) return;
      repeats = clock.elapsedMs() - lastMs < calmMs ? repeats + 1 : 0;
      if (repeats === 0) dial();
      else cancel = clock.after(backOffMs(repeats, random()), dial);
    },
    cancel() {
      cancel?.();
      cancel = undefined;
    },
  };
}
