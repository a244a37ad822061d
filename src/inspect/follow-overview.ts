import type { Clock } from '../base/clock.ts';
import { createReadable, type Readable } from '../base/readable.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import type { SyncState } from '../sync/sync-state.ts';
import { overviewOf } from './overview.ts';
import type { Overview, Relay } from './snapshot.ts';

/** Of a sync that changes with each edit: made when somebody looks, and told at most four times a second. */
export interface FollowedOverview extends Readable<Overview> {
  close(): void;
}

const everyMs = 250;

export function followOverview(options: {
  readonly sync: Pick<SyncPeers, 'current' | 'subscribe'>;
  readonly isStock: boolean;
  readonly clock: Clock;
  /** In the very moment of each change, and before the overview is made. */
  readonly note: (state: SyncState) => readonly Relay[];
}): FollowedOverview {
  const { sync, isStock, clock, note } = options;
  let latest = sync.current;
  let relays = note(latest);
  let made: Overview | undefined;
  let cancelTelling: (() => void) | undefined;
  const current = () => (made ??= overviewOf(latest, relays, isStock));
  const told = createReadable(current());

  const stopFollowing = sync.subscribe((state) => {
    if (state === latest) return;
    latest = state;
    relays = note(state);
    made = undefined;
    cancelTelling ??= clock.after(everyMs, tell);
  });

  function tell(): void {
    cancelTelling?.();
    cancelTelling = undefined;
    told.set(current());
  }

  return {
    get current() {
      return current();
    },
    subscribe(listener) {
      tell();
      return told.subscribe(listener);
    },
    close() {
      stopFollowing();
      cancelTelling?.();
    },
  };
}
