import type { Clock } from '../base/clock.ts';
import type { CommitBus } from './commit-bus.ts';

/** Whether the relay still hears of what other relays on its database commit. */
export interface Hearing {
  /** It has not for so long that its clients, who see nobody else's edits, are better off at another one. */
  readonly isLost: boolean;
  stop(): void;
}

/** A connection that was cut is back in a second, and clients are not sent away for that. */
export const deafForMs = 10_000;
export const lookEveryMs = 1_000;

/** `lost` is called each time that `isLost` becomes true. */
export function watchHearing(bus: Pick<CommitBus, 'isListening'>, clock: Clock, lost: () => void): Hearing {
  let heardAtMs = clock.nowMs();
  let isLost = false;
  let cancel = clock.after(lookEveryMs, look);

  function look(): void {
    cancel = clock.after(lookEveryMs, look);
    if (bus.isListening) heardAtMs = clock.nowMs();
    const wasLost = isLost;
    isLost = clock.nowMs() - heardAtMs >= deafForMs;
    if (isLost && !wasLost) lost();
  }

  return {
    get isLost() {
      return isLost && !bus.isListening;
    },
    stop: () => cancel(),
  };
}
