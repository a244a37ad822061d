import { callListener, type Readable } from '../base/readable.ts';
import type { SyncPeers } from './sync-peers.ts';
import type { SyncState } from './sync-state.ts';

export interface HasSync {
  readonly sync: SyncPeers;
}

/** `active` is the page's active session. It is passed in because `session` imports `sync`. */
export function createSubscribeSyncState(active: Readable<HasSync | undefined>) {
  /** Calls the listener now and after each change. Without a target it follows the page's active session as it changes. */
  return function subscribeSyncState(
    listener: (state: SyncState) => void,
    { target }: { readonly target?: HasSync | SyncPeers } = {},
  ): () => void {
    if (target) return ('sync' in target ? target.sync : target).subscribe(listener);
    let stop = () => {};
    const stopFollowing = active.subscribe((session) => {
      stop();
      stop = () => {};
      if (session) stop = session.sync.subscribe(listener);
      else callListener(listener, signedOut);
    });
    return () => {
      stopFollowing();
      stop();
    };
  };
}

const nothing = { known: false, pending: 0 };
const signedOut: SyncState = {
  status: 'signed-out',
  saved: nothing,
  sent: nothing,
  confirmed: nothing,
  durability: 'unknown',
  notCounted: { count: 0, ids: [] },
  download: { received: 0, caughtUp: false },
  storage: { kind: 'memory', state: 'memory-only' },
  peers: [],
};
