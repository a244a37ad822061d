import type { LocalNode, RawCoID, SyncMessage } from 'cojson';
import { callListener } from '../base/readable.ts';
import type { KernelError } from '../base/kernel-error.ts';
import type { Transport } from '../transport/transport.ts';
import type { NotCountedEdit } from '../engine/edit-verdicts.ts';
import type { KnownCounts } from '../engine/known-counts.ts';
import type { CountedRung } from './rungs.ts';
import type { Step } from './sync-state.ts';
import type { PeerPhase } from './peer-status.ts';
import type { SyncEvent } from './sync-events.ts';
import type { SyncOptions, SyncPeers } from './sync-peers.ts';

export { readUrlSources, resolveFrom, type UrlSources } from './connection/sync-url.ts';

/** What `inspect` may read of a running sync. Reading has no side effects. */
export interface SyncInspection {
  readonly node: LocalNode;
  /** CoValues with an edit that has not reached every promised rung. Oldest first. */
  unsynced(): readonly UnsyncedCoValue[];
  /** The edits of a CoValue that no device counts. Undefined for a node that the kernel does not sync. */
  notCounted?(id: string): readonly NotCountedEdit[];
  /** By CoValue, when its oldest edit began to wait (or was found, if from an earlier run), in ms since the Unix epoch. */
  readonly waiting: Readonly<Record<CountedRung, ReadonlyMap<string, number>>>;
  peers(): readonly PeerInspection[];
  /** The app's `url`. Undefined until it connects, and for a node that the kernel does not sync. */
  options?(): Pick<SyncOptions, 'url' | 'relays' | 'appID' | 'appVersion'> | undefined;
  /** Whether the browser reports a network, and which browser it is. */
  readonly page?: { readonly isOnline: boolean; readonly userAgent?: string | undefined };
  /** Sets the only listener for every sync message to and from a relay. Costs nothing while unset. */
  setTap(tap: MessageTap | undefined): void;
  /** Sets the only listener for every frame on a relay's channels. Costs nothing while unset. */
  setFrameTap(tap: FrameTap | undefined): void;
  /** Sets the only listener for every edit and its progress. Costs nothing while unset. */
  setRungTap(tap: RungTap | undefined): void;
  /** Wraps the transport of channels that are opened from now on. Used to inject faults. */
  setTransportWrap(wrap: TransportWrap | undefined): void;
  /** Ends every open, opening or retrying connection and dials again. Idle and paused ones stay as they are. */
  redial(): void;
  /** Receives every event that apps can receive. Returns a function that unsubscribes. */
  onEvent(listener: (event: SyncEvent) => void): () => void;
  /** The tabs of the account. Undefined for a node that shares its database with no other tab. */
  readonly tabs?: TabsInspection | undefined;
}

/** What the account's tabs on this device know of each other. */
export interface TabsInspection {
  /** The facts that this tab sends to others. Pass `unconfirmed` if it was already read. */
  describeThisTab(unconfirmed?: ReadonlyMap<string, Unconfirmed>): TabFacts;
  /** False while the page is frozen, and in browsers without BroadcastChannel. */
  readonly isOpen: boolean;
  /** Asks all other tabs. Each tab that is awake answers on the channel. */
  ask(): void;
  /** Receives every message, unvalidated: any page of the origin can post. Returns a function that unsubscribes. */
  listen(listener: (message: unknown) => void): () => void;
  /** The account's session IDs whose lock a tab holds. Undefined if the browser cannot list locks. */
  heldSessionIDs(): Promise<readonly string[] | undefined>;
  /** By the session that wrote the edits, as far as this tab knows. */
  unconfirmed(): ReadonlyMap<string, Unconfirmed>;
  /** The session whose tab uploads `sessionID`'s edits of `ids`. Undefined while its own tab seems to upload them. */
  uploaderOf(sessionID: string, ids: readonly string[]): string | undefined;
  /** Whether another tab uploads what the relay lacks of the CoValue. */
  isLeftToOther(relayID: string, id: string): boolean;
}

/** Plain data without secrets, because every page of the origin can open the channel. */
export interface TabFacts {
  /** The IDs of the sessions under which the tab writes. The first one identifies the tab. */
  readonly sessionIDs: readonly string[];
  /** When the tab's sync began. */
  readonly sinceMs: number;
  /** The page's title, which the app chose. Truncated. */
  readonly title: string;
  readonly isVisible: boolean;
  readonly relays: readonly { readonly host: string; readonly phase: PeerPhase['phase'] }[];
  readonly unconfirmed: Unconfirmed;
}

/** CoValues with edits that not every relay has confirmed. */
export interface Unconfirmed {
  readonly coValues: number;
  /** In ms since the Unix epoch. Absent if there are none. */
  readonly oldestSinceMs?: number;
  /** A bounded number of their IDs. */
  readonly ids: readonly string[];
}

export interface UnsyncedCoValue {
  readonly id: string;
  /** When the oldest pending edit was made (or found, if from an earlier run), in ms since the Unix epoch. */
  readonly sinceMs: number;
  readonly saved: Step;
  readonly sent: Step;
  readonly confirmed: Step;
  readonly durable: Step;
  /** When the latest content was handed to the network, in ms since the Unix epoch. Absent if this run sent nothing. */
  readonly sentAtMs?: number;
  /** Why the edits are stuck, if a failed write or a relay gave a reason. */
  readonly error?: KernelError;
  /** Peers whose `known` does not yet cover the edits. */
  readonly missingAtPeerIDs: readonly string[];
  /** For a node that the kernel does not sync: the peer IDs that cojson's tracker waits for; `any` before the first peer. */
  readonly trackedFor?: readonly string[] | 'unknown';
}

export interface PeerInspection {
  readonly id: string;
  /** Handed to the channel but not yet on the network. */
  readonly bufferedBytes: number | 'unknown';
  /** Content messages sent on this connection but not yet covered by a `known`. */
  readonly unacknowledgedMessages: number | 'unknown';
  /** Of the current or the latest connection. A stock server sends none. */
  readonly hello?: object;
  /** When the last frame arrived, by the clock's `elapsedMs`. Absent before the first one. */
  readonly receivedAtMs?: number | undefined;
  /** Absent while connected. */
  readonly disconnection?: Disconnection | undefined;
  /** Sends an `inspect` frame; requires that `hello` offers it. The frame tap gets any answer. Absent while disconnected. */
  ask?(ask: number, id: RawCoID): void;
}

export interface Disconnection {
  /** When the last connection ended or, before the first one, the sync began. By the clock's `elapsedMs`. */
  readonly sinceMs: number;
  /** Why the last attempt or connection ended. Absent if none has failed. */
  readonly error?: KernelError;
  /** Called when `error` ended a connection. */
  readonly wasConnected?: boolean;
}

export interface MessageTap {
  (direction: 'sent' | 'received', peerID: string, message: SyncMessage, bytes: number, atMs: number): void;
}

/** An event on a channel. The kernel passes the text of a frame to the channel, or receives it from there. */
export type ChannelMoment = {
  readonly peerID: string;
  /** Counts the sync's channels from 1. A relay may have several open at once, until one of them carries data. */
  readonly channel: number;
  readonly atMs: number;
} & (
  | { readonly kind: 'opened'; readonly transport: string }
  | { readonly kind: 'sent' | 'received'; readonly text: string }
  | {
      readonly kind: 'closed';
      readonly transport: string;
      /** With credentials and query. */
      readonly url: string;
      readonly error: KernelError;
    }
);

export type TransportWrap = (inner: Transport, peerID: string) => Transport;

export type FrameTap = (moment: ChannelMoment) => void;

/**
 * Called synchronously. `made`: this tab made a transaction or a CoValue's header, which `counts` covers; imports are not
 * reported. A rung: edits up to `counts`, wherever made, have reached it, at the relay or, without `relayID`, on this
 * device. `ended`: no edit of the CoValue is pending; edits dropped by its deletion have not reached their rungs.
 */
export interface RungTap {
  (kind: 'made' | CountedRung | 'ended', id: string, counts: KnownCounts, relayID?: string): void;
}

const inspectionKey = Symbol();
const peersByNode = new WeakMap<LocalNode, SyncPeers>();
const offerListeners = new Set<(node: LocalNode) => void>();

export function offerInspection(peers: SyncPeers, inspection: SyncInspection): void {
  Object.defineProperty(peers, inspectionKey, { value: inspection, configurable: true });
  peersByNode.set(inspection.node, peers);
  for (const listener of offerListeners) callListener(listener, inspection.node);
}

/** Calls back when any node gets a sync, which is not connected yet. Returns a function that unsubscribes. */
export function onSyncOffered(listener: (node: LocalNode) => void): () => void {
  offerListeners.add(listener);
  return () => void offerListeners.delete(listener);
}

/** Undefined if the kernel did not create `peers`. */
export function inspectionOf(peers: SyncPeers & { readonly [inspectionKey]?: SyncInspection }) {
  return peers[inspectionKey];
}

/** The latest sync that the kernel created for the node. */
export function syncOf(node: LocalNode): SyncPeers | undefined {
  return peersByNode.get(node);
}

/** Acts as the node's latest sync, because an app can close one and set up another. Subscriptions stay where they began. */
export function followSync(node: LocalNode, first: SyncPeers): SyncPeers {
  return new Proxy(first, { get: (_, key) => Reflect.get(syncOf(node) ?? first, key) as unknown });
}
