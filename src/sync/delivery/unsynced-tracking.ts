import type { LocalNode, RawCoID } from 'cojson';
import { disableSyncTracking } from '../../engine/private-methods.ts';

/** The answer that cojson gives when asked whether everything is synced. */
export interface UnsyncedTracking {
  set(id: string, isPending: boolean): void;
  /** Restores the node's own tracking. */
  end(): void;
}

/** Replaces cojson's own tracking with the ladder's, which relies on evidence. */
export function trackByLadder(node: LocalNode): UnsyncedTracking {
  const { unsyncedTracker } = node.syncManager;
  return {
    set(id, isPending) {
      if (isPending) unsyncedTracker.add(id as RawCoID, place);
      else unsyncedTracker.remove(id as RawCoID, place);
    },
    end: disableSyncTracking(node),
  };
}

/** cojson's tracker counts by peer, but the ladder has one answer for all peers. */
const place = 'maia';
