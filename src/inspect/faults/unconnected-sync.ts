import type { LocalNode } from 'cojson';
import { createReadable } from '../../base/readable.ts';
import { offerInspection } from '../../sync/inspection.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { SyncState } from '../../sync/sync-state.ts';

/** A sync for a node without relays or storage, so that an inspector can read it. */
export function offerUnconnected(node: LocalNode): SyncPeers {
  const none = { known: true, pending: 0 };
  const state = createReadable<SyncState>({
    status: 'off',
    ...{ saved: none, sent: none, confirmed: none },
    durability: 'unknown',
    notCounted: { count: 0, ids: [] },
    download: { received: 0, caughtUp: false },
    storage: { kind: 'memory', state: 'memory-only' },
    peers: [],
  });
  const nothing = () => {};
  const refuse = () => Promise.reject(new Error('A replayed node does not sync.'));
  const sync: SyncPeers = {
    get current() {
      return state.current;
    },
    subscribe: state.subscribe,
    ...{ pause: nothing, resume: nothing, reconnect: nothing },
    stateOf: () => {
      throw new Error('A replayed node does not sync.');
    },
    ...{ flush: refuse, whenSaved: refuse, whenConfirmed: refuse, whenDurable: refuse },
    on: () => nothing,
    close: () => Promise.resolve(),
  };
  offerInspection(sync, {
    node,
    unsynced: () => [],
    waiting: { saved: new Map(), sent: new Map(), confirmed: new Map() },
    peers: () => [],
    ...{ setTap: nothing, setFrameTap: nothing, setRungTap: nothing, setTransportWrap: nothing },
    redial: nothing,
    onEvent: () => nothing,
  });
  return sync;
}
