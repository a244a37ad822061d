import type { Clock } from '../../base/clock.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';

/** Longer than a usual answer takes, but short enough not to delay a sign-in noticeably. */
const maxWaitMs = 3_000;

/** Resolves when the relay has answered, or when waiting is pointless: offline, without a relay, or with a slow one. */
export function waitForRelay(answered: Promise<void>, sync: SyncPeers, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stops = [
      clock.after(maxWaitMs, end),
      sync.subscribe(() => {
        // The published state may be one turn behind a connection that just started.
        const [relay] = sync.current.peers;
        if (relay?.phase !== 'connecting' && relay?.phase !== 'connected') queueMicrotask(end);
      }),
    ];
    void answered.then(end);
    function end(): void {
      for (const stop of stops) stop();
      resolve();
    }
  });
}
