import type { Clock } from '../../base/clock.ts';
import type { CommitBus } from './commit-bus.ts';

/** Tracks whether the relay still gets notifications about commits of other relays on its database. */
export interface NotificationMonitor {
  /** True once notifications have failed so long that clients should leave: they miss edits made at other relays. */
  readonly isLost: boolean;
  stop(): void;
}

/** A lost connection is usually back within a second, so clients are not disconnected before this time. */
export const lostAfterMs = 10_000;
export const checkIntervalMs = 1_000;

/** Calls `lost` each time `isLost` becomes true. */
export function monitorNotifications(
  bus: Pick<CommitBus, 'isListening'>,
  clock: Clock,
  lost: () => void,
): NotificationMonitor {
  let lastListeningAtMs = clock.nowMs();
  let isLost = false;
  let cancel = clock.after(checkIntervalMs, check);

  function check(): void {
    cancel = clock.after(checkIntervalMs, check);
    if (bus.isListening) lastListeningAtMs = clock.nowMs();
    const wasLost = isLost;
    isLost = clock.nowMs() - lastListeningAtMs >= lostAfterMs;
    if (isLost && !wasLost) lost();
  }

  return {
    get isLost() {
      return isLost && !bus.isListening;
    },
    stop: () => cancel(),
  };
}
