import type { Clock } from '../../base/clock.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';

/** Longer than an answer takes, and not so long that somebody who signs in minds. */
const patienceMs = 3_000;

/** Resolves when the relay has spoken, or when that is not to be waited for: offline, no relay, or one that takes its time. */
export function relayHasSpoken(heard: Promise<void>, sync: SyncPeers, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stop = [
      clock.after(patienceMs, end),
      sync.subscribe(() => {
        // What was published may be a turn older than a connection that has just begun.
        const [relay] = sync.current.peers;
        if (relay?.phase !== 'connecting' && relay?.phase !== 'connected') queueMicrotask(end);
      }),
    ];
    void heard.then(end);
    function end(): void {
      for (const each of stop) each();
      resolve();
    }
  });
}
