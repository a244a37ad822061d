import type { LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { callListener } from '../../base/readable.ts';
import type { SyncState } from '../../sync/sync-state.ts';
import { shownPeerID } from '../shared/peer-address.ts';
import type { Inspected } from '../target.ts';
import { stockState } from './stock-state.ts';
import { tapStockNode } from './stock-taps.ts';
import { createStockUnsynced } from './stock-unsynced.ts';

/** Polls, because cojson emits no event when a peer is added or removed. */
const checkIntervalMs = 1_000;

/** Reads a node that the kernel does not sync: unknowable facts are `unknown`, and the app's peers cannot be controlled. */
export function inspectStockNode(node: LocalNode, clock: Clock): Inspected {
  const readUnsynced = createStockUnsynced(node, clock);
  const connectedSinceMs = new Map<string, number>();
  const listeners = new Set<(state: SyncState) => void>();
  const { unsyncedTracker } = node.syncManager;
  let latest: SyncState | undefined;
  /** The state that listeners last received. Differs from `latest`, which also changes on reads between two checks. */
  let published: SyncState | undefined;
  let cancelCheck = () => {};
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

  function check(): void {
    const now = current();
    if (now !== published) for (const listener of [...listeners]) callListener(listener, now);
    published = now;
    checkAfter(checkIntervalMs);
  }

  function checkAfter(ms: number): void {
    cancelCheck();
    cancelCheck = clock.after(ms, check);
  }

  const noop = () => {};
  return {
    isStock: true,
    sync: {
      get current() {
        return current();
      },
      subscribe(listener) {
        const entry = (state: SyncState) => listener(state);
        listeners.add(entry);
        if (listeners.size === 1) {
          checkAfter(checkIntervalMs);
          // The tracker calls back immediately, and then for each CoValue separately.
          stopTracking = unsyncedTracker.subscribe(() => checkAfter(0));
        }
        published ??= current();
        callListener(entry, published);
        return () => {
          if (!listeners.delete(entry) || listeners.size > 0) return;
          cancelCheck();
          stopTracking();
        };
      },
      pause: noop,
      resume: noop,
      reconnect: noop,
    },
    inspection: {
      node,
      unsynced: readUnsynced,
      get waiting() {
        const pending = readUnsynced().filter(({ confirmed }) => confirmed === 'pending');
        // cojson has no information about the earlier rungs.
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
      setFrameTap: noop,
      setRungTap: noop,
      setTransportWrap: noop,
      redial: noop,
      onEvent: () => noop,
    },
    repair(id) {
      const row = readUnsynced().find((coValue) => coValue.id === id);
      // Check again, because a new edit may have been made since the caller read the row.
      if (row?.confirmed === 'reached') unsyncedTracker.removeAll(id as RawCoID);
    },
  };
}
