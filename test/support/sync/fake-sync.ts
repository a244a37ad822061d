import type { LocalNode, SyncMessage } from 'cojson';
import { createReadable } from '../../../src/base/readable.ts';
import {
  offerInspection,
  type ChannelMoment,
  type FrameTap,
  type MessageTap,
  type PeerInspection,
  type RungTap,
  type TabsInspection,
  type TransportWrap,
  type UnsyncedCoValue,
} from '../../../src/sync/inspection.ts';
import type { PeerStatus } from '../../../src/sync/peer-status.ts';
import type { SyncEvent } from '../../../src/sync/sync-events.ts';
import type { SyncPeers } from '../../../src/sync/sync-peers.ts';
import type { SyncState } from '../../../src/sync/sync-state.ts';

/** A sync whose state a test sets, inspectable like a real one. */
export interface FakeSync extends SyncPeers {
  readonly calls: string[];
  readonly hasTap: boolean;
  readonly hasRungTap: boolean;
  /** How often the unsynced CoValues were read, which is expensive. */
  readonly reads: number;
  /** The wrapper set between the kernel and its channels. */
  readonly wrap: TransportWrap | undefined;
  setState(change: Partial<SyncState>): void;
  setUnsynced(coValues: readonly UnsyncedCoValue[]): void;
  setPeers(peers: readonly PeerInspection[]): void;
  /** Call it before the inspection starts. Default: no channel to other tabs. */
  setTabs(tabs: TabsInspection): void;
  /** Reports an event like a transport, by default of the first channel. */
  frame(moment: Unnumbered<ChannelMoment>, channel?: number): void;
  /** Reports an edit, or its progress. */
  rung: RungTap;
  event(event: SyncEvent): void;
  message(direction: 'sent' | 'received', message: SyncMessage, bytes: number, atMs: number): void;
}

export type Unnumbered<Moment> = Moment extends ChannelMoment ? Omit<Moment, 'channel'> : never;

export const fakePeerID = 'fake-relay';

/** Of a closed channel. */
export const closedChannel = { transport: 'websocket', url: 'wss://relay.example/sync' } as const;

export function connectedRelay(sinceMs: number): PeerStatus {
  return {
    id: fakePeerID,
    url: 'wss://relay.example/sync',
    transport: 'WebSocket',
    relay: { name: 'maia-relay', version: '0.1.0' },
    phase: 'connected',
    sinceMs,
    roundTripMs: 31,
  };
}

export function createFakeSync(node: LocalNode, startMs: number): FakeSync {
  const state = createReadable<SyncState>({
    status: 'confirmed',
    saved: { known: true, pending: 0 },
    sent: { known: true, pending: 0 },
    confirmed: { known: true, pending: 0 },
    durable: { known: true, pending: 0 },
    durability: 'process-crash',
    notCounted: { count: 0, ids: [] },
    download: { received: 0, caughtUp: true },
    storage: { kind: 'kernel', state: 'ok' },
    peers: [connectedRelay(startMs)],
  });
  const calls: string[] = [];
  let unsynced: readonly UnsyncedCoValue[] = [];
  let peers: readonly PeerInspection[] = [
    { id: fakePeerID, bufferedBytes: 0, unacknowledgedMessages: 0, hello: { durability: 'process-crash' } },
  ];
  let tap: MessageTap | undefined;
  let frameTap: FrameTap | undefined;
  let rungTap: RungTap | undefined;
  let wrap: TransportWrap | undefined;
  const listeners = new Set<(event: SyncEvent) => void>();
  let tabs: TabsInspection | undefined;
  let reads = 0;

  const sync: FakeSync = {
    calls,
    get current() {
      return state.current;
    },
    get hasTap() {
      return tap !== undefined;
    },
    get hasRungTap() {
      return rungTap !== undefined;
    },
    get wrap() {
      return wrap;
    },
    get reads() {
      return reads;
    },
    subscribe: (listener) => state.subscribe(listener),
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    reconnect: () => void calls.push('reconnect'),
    stateOf: () => {
      throw new Error('A fake sync does not know single CoValues.');
    },
    flush: () => Promise.resolve(),
    whenSaved: () => Promise.resolve(),
    whenConfirmed: () => Promise.resolve(),
    whenDurable: () => Promise.resolve(),
    on: () => () => {},
    close: () => Promise.resolve(),
    setState: (change) => state.set({ ...state.current, ...change }),
    setUnsynced(coValues) {
      unsynced = coValues;
      const pending = (step: 'saved' | 'sent' | 'confirmed' | 'durable') => ({
        known: true,
        pending: coValues.filter((coValue) => coValue[step] === 'pending' || coValue[step] === 'failed')
          .length,
      });
      sync.setState({
        status: coValues.length === 0 ? 'confirmed' : 'syncing',
        saved: pending('saved'),
        sent: pending('sent'),
        confirmed: pending('confirmed'),
        durable: pending('durable'),
      });
    },
    setPeers: (next) => void (peers = next),
    setTabs: (next) => void (tabs = next),
    frame: (moment, channel = 1) => frameTap?.({ ...moment, channel }),
    rung: (...step) => rungTap?.(...step),
    event(event) {
      for (const listener of listeners) listener(event);
    },
    message: (...message) => tap?.(message[0], fakePeerID, message[1], message[2], message[3]),
  };
  offerInspection(sync, {
    node,
    unsynced() {
      reads++;
      return unsynced;
    },
    get waiting() {
      const sinceOf = (rung: 'saved' | 'sent' | 'confirmed') =>
        new Map(
          unsynced
            .filter((coValue) => coValue[rung] === 'pending' || coValue[rung] === 'failed')
            .map(({ id, sinceMs }) => [id, sinceMs]),
        );
      return { saved: sinceOf('saved'), sent: sinceOf('sent'), confirmed: sinceOf('confirmed') };
    },
    peers: () => peers,
    setTap: (next) => void (tap = next),
    setFrameTap: (next) => void (frameTap = next),
    setRungTap: (next) => void (rungTap = next),
    setTransportWrap: (next) => void (wrap = next),
    redial: () => void calls.push('redial'),
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get tabs() {
      return tabs;
    },
  });
  return sync;
}

/** CoValues that were sent a minute ago and are not confirmed. */
export function unconfirmedEdits(count: number): readonly UnsyncedCoValue[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `co_z${String(index).padStart(6, '0')}QdM9rJtUe3yKxHf8WbGa5S`,
    sinceMs: Date.now() - 60_000 + index,
    saved: 'reached',
    sent: 'reached',
    confirmed: 'pending',
    durable: 'pending',
    missingAtPeerIDs: [fakePeerID],
  }));
}
