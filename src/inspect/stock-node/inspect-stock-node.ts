import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { callListener } from '../../base/readable.ts';
import type { SyncState } from '../../sync/sync-state.ts';
import type { Inspected } from '../inspected.ts';
import { shownPeerID } from '../shared/peer-address.ts';
import { stockState } from './stock-state.ts';
import { tapStockNode } from './stock-taps.ts';
import { createStockUnsynced } from './stock-unsynced.ts';

/** A peer that comes or goes tells nobody. */
const lookEveryMs = 1_000;

/**
 * Reads a node that the kernel does not sync: what cojson itself knows. What it cannot know is `unknown`: what is left in a
 * socket, what a relay promises. Its peers are the app's, so nothing can be paused, dialled or broken from here.
 */
export function inspectStockNode(node: LocalNode, clock: Clock): Inspected {
  const readUnsynced = createStockUnsynced(node, clock);
  const connectedSinceMs = new Map<string, number>();
  const listeners = new Set<(state: SyncState) => void>();
  const { unsyncedTracker } = node.syncManager;
  let latest: SyncState | undefined;
  /** What the listeners know: others read as well, and between two looks. */
  let told: SyncState | undefined;
  let cancelLook = () => {};
  let stopTracking = () => {};
  let stopTap = () => {};

  function current(): SyncState {
    const next = stockState(node, readUnsynced(), (peerID) => {
      const sinceMs = connectedSinceMs.get(peerID) ?? clock.nowMs();
      connectedSinceMs.set(peerID, sinceMs);
      return sinceMs;
    });
    for (const { id, phase } of next.peers) if (phase === 'closed') connectedSinceMs.delete(id);
    if (!latest || !isEqual(latest, next)) latest = next;
    return latest;
  }

  function look(): void {
    const now = current();
    if (now !== told) for (const listener of [...listeners]) callListener(listener, now);
    told = now;
    lookAfter(lookEveryMs);
  }

  function lookAfter(ms: number): void {
    cancelLook();
    cancelLook = clock.after(ms, look);
  }

  const nothing = () => {};
  return {
    isStock: true,
    sync: {
      get current() {
        return current();
      },
      subscribe(listener) {
        const own = (state: SyncState) => listener(state);
        listeners.add(own);
        if (listeners.size === 1) {
          lookAfter(lookEveryMs);
          // It tells at once how things are, and then of each CoValue by itself.
          stopTracking = unsyncedTracker.subscribe(() => lookAfter(0));
        }
        told ??= current();
        callListener(own, told);
        return () => {
          if (!listeners.delete(own) || listeners.size > 0) return;
          cancelLook();
          stopTracking();
        };
      },
      pause: nothing,
      resume: nothing,
      reconnect: nothing,
    },
    inspection: {
      node,
      unsynced: readUnsynced,
      get waiting() {
        const pending = readUnsynced().filter(({ confirmed }) => confirmed === 'pending');
        // Of the rungs before it cojson keeps nothing that could be asked.
        return {
          saved: new Map(),
          sent: new Map(),
          confirmed: new Map(pending.map(({ id, sinceMs }) => [id, sinceMs])),
        };
      },
      peers: () =>
        current().peers.map(({ id }) => ({
          id: shownPeerID(id),
          bufferedBytes: 'unknown',
          unacknowledgedMessages: 'unknown',
        })),
      setTap(tap) {
        stopTap();
        stopTap = tap ? tapStockNode(node, clock, tap) : () => {};
      },
      setFrameTap: nothing,
      setRungTap: nothing,
      setTransportWrap: nothing,
      redial: nothing,
      onEvent: () => nothing,
    },
    repair(id) {
      const row = readUnsynced().find((coValue) => coValue.id === id);
      // Asked once more, as a new edit may have been made since somebody read of it.
      if (row?.confirmed === 'reached') unsyncedTracker.removeAll(id as RawCoID);
    },
  };
}
