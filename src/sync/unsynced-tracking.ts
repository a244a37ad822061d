import type { LocalNode, RawCoID } from 'cojson';
import { leaveOutTracking } from './private-fields.ts';

/** What cojson says to those who ask it whether all is synced. */
export interface UnsyncedTracking {
  set(id: string, isPending: boolean): void;
  /** Gives the node its own tracking back. */
  end(): void;
}

/** The ladder knows what is pending, and from evidence, so that cojson's tracker is told and does not count by itself. */
export function trackByLadder(node: LocalNode): UnsyncedTracking {
  const { unsyncedTracker } = node.syncManager;
  return {
    set(id, isPending) {
      if (isPending) unsyncedTracker.add(id as RawCoID, place);
      else unsyncedTracker.remove(id as RawCoID, place);
    },
    end: leaveOutTracking(node),
  };
}

/** cojson's tracker counts by peer, and what is pending is so wherever it lacks. */
const place = 'maia';
