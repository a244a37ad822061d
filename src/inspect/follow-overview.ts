import type { Clock } from '../base/clock.ts';
import { createReadable, type Readable } from '../base/readable.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import type { SyncState } from '../sync/sync-state.ts';
import { overviewOf } from './overview.ts';
import type { Overview } from './snapshot/overview-facts.ts';
import type { Relay } from './snapshot/relay-facts.ts';

/** A sync's overview, which changes with each edit: computed on demand, published at most four times a second. */
export interface FollowedOverview extends Readable<Overview> {
  /** Call when `notMade` has changed. */
  refresh(): void;
  close(): void;
}

const intervalMs = 250;

export function followOverview(options: {
  readonly sync: Pick<SyncPeers, 'current' | 'subscribe'>;
  readonly isStock: boolean;
  readonly clock: Clock;
  /** Called synchronously on each change, before the overview is computed. */
  readonly note: (state: SyncState) => readonly Relay[];
  /** The number of edits that this device refused. */
  readonly notMade?: () => number;
}): FollowedOverview {
  const { sync, isStock, clock, note, notMade = () => 0 } = options;
  let latest = sync.current;
  let relays = note(latest);
  let computed: Overview | undefined;
  let cancelPublish: (() => void) | undefined;
  const current = () => (computed ??= overviewOf(latest, relays, { isStock, notMade: notMade() }));
  const published = createReadable(current());

  const stopFollowing = sync.subscribe((state) => {
    if (state === latest) return;
    latest = state;
    relays = note(state);
    refresh();
  });

  function refresh(): void {
    computed = undefined;
    cancelPublish ??= clock.after(intervalMs, publish);
  }

  function publish(): void {
    cancelPublish?.();
    cancelPublish = undefined;
    published.set(current());
  }

  return {
    get current() {
      return current();
    },
    refresh,
    subscribe(listener) {
      publish();
      return published.subscribe(listener);
    },
    close() {
      stopFollowing();
      cancelPublish?.();
    },
  };
}
