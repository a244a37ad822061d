import type { LocalNode, RawCoID, SyncMessage } from 'cojson';
import type { KernelError } from '../base/kernel-error.ts';
import type { Transport } from '../transport/transport.ts';
import type { Coverage } from '../engine/known-counts.ts';
import type { RungName } from './pending-edits.ts';
import type { PeerPhase } from './peer-status.ts';
import type { SyncEvent } from './sync-events.ts';
import type { SyncPeers } from './sync-peers.ts';

/** What `inspect` may read of a running sync, and nothing more. Reading has no side effect. */
export interface SyncInspection {
  readonly node: LocalNode;
  /** CoValues with an edit that has not reached the last rung that is promised. Oldest first. */
  unsynced(): readonly UnsyncedCoValue[];
  /**
   * By CoValue, since when its oldest edit waits for each rung, in ms since the Unix epoch. An earlier run's is not known:
   * when this run found it.
   */
  readonly waiting: Readonly<Record<RungName, ReadonlyMap<string, number>>>;
  peers(): readonly PeerInspection[];
  /** Each sync message to and from each relay, from now on; one listener at a time, none costs nothing. Undefined ends it. */
  setTap(tap: MessageTap | undefined): void;
  /** Each frame of each relay's channels, from now on; one listener at a time, none costs nothing. Undefined ends it. */
  setFrameTap(tap: FrameTap | undefined): void;
  /** Each edit as it is made, and as it gets on, from now on; one listener at a time, none costs nothing. Undefined ends it. */
  setRungTap(tap: RungTap | undefined): void;
  /** Stands between the kernel and the channels that are opened from now on, as faults do. Undefined ends it. */
  setTransportWrap(wrap: TransportWrap | undefined): void;
  /** Ends each connection that is there or being made, or that waits for its next attempt, and dials anew. What rests or is paused stays so. */
  redial(): void;
  /** The same stream that apps hear, all of it. Returns the end. */
  onEvent(listener: (event: SyncEvent) => void): () => void;
  /** The tabs of the account. Undefined for a node that shares its database with none. */
  readonly tabs?: TabsInspection | undefined;
}

/** What the tabs of one account on one device know of each other. */
export interface TabsInspection {
  /** Of this tab, as it answers others; reading `unconfirmed` once does for both. */
  own(unconfirmed?: ReadonlyMap<string, Unconfirmed>): TabFacts;
  /** False while the page is set aside, and where the browser has no channels: nobody can be asked then. */
  readonly isOpen: boolean;
  /** Asks all others: each that is awake answers on the channel, for all to hear. */
  ask(): void;
  /** All that arrives on the channel from now on, as it arrives: any page of the origin can post there. Returns the end. */
  listen(listener: (message: unknown) => void): () => void;
  /** The account's session ids that some tab holds now, by its lock. Undefined where the browser does not tell. */
  heldSessionIDs(): Promise<readonly string[] | undefined>;
  /** By the session that wrote it, as far as this tab knows. */
  unconfirmed(): ReadonlyMap<string, Unconfirmed>;
  /**
   * The session of the tab that uploads what this one wrote, of the CoValues `ids`. Undefined while that is left to the
   * session's own tab, as long as nobody has noticed that it is gone.
   */
  uploaderOf(sessionID: string, ids: readonly string[]): string | undefined;
}

/** Plain data, and no secret: it goes over a channel that every page of the origin can open. */
export interface TabFacts {
  /** Under which it writes. The first is what it is called by. */
  readonly sessionIDs: readonly string[];
  /** When its sync began. */
  readonly sinceMs: number;
  /** The page's, which the app chose; cut off where it is long. */
  readonly title: string;
  readonly isVisible: boolean;
  readonly relays: readonly { readonly host: string; readonly phase: PeerPhase['phase'] }[];
  readonly unconfirmed: Unconfirmed;
}

/** CoValues with edits that not every relay has confirmed. */
export interface Unconfirmed {
  readonly coValues: number;
  /** Of them. Of the others it is not known which session's edits wait, as long as no relay has spoken of them. */
  readonly certain: number;
  /** In ms since the Unix epoch. Absent where there are none. */
  readonly oldestSinceMs?: number;
  /** A bounded number of them. */
  readonly ids: readonly string[];
}

export interface UnsyncedCoValue {
  readonly id: string;
  /** When the oldest edit that has not arrived was made, in ms since the Unix epoch. An earlier run's is not known: when this run found it. */
  readonly sinceMs: number;
  readonly saved: RungStep;
  readonly sent: RungStep;
  readonly confirmed: RungStep;
  readonly durable: RungStep;
  /** When what it sent last was drained to the network, in ms since the Unix epoch. Absent where nothing was sent in this run. */
  readonly sentAtMs?: number;
  /** Why, where a write or a relay said so. */
  readonly error?: KernelError;
  /** Of peers whose `known` does not cover it yet. */
  readonly missingAtPeerIDs: readonly string[];
  /**
   * What cojson's own tracker waits for, in a node that the kernel does not sync: ids of peers, or `any` where an edit was made
   * before there was one. The ladder needs no tracker.
   */
  readonly trackedFor?: readonly string[] | 'unknown';
}
/** `unknown`: no evidence can exist, for instance durability that the relay does not promise. */
export type RungStep = 'reached' | 'pending' | 'failed' | 'unknown';

export interface PeerInspection {
  readonly id: string;
  /** Handed to the channel and not yet on the network. */
  readonly bufferedBytes: number | 'unknown';
  /** Content sent on this connection and not yet covered by a `known`, in messages. */
  readonly unacknowledgedMessages: number | 'unknown';
  /** Of the connection that is, or was last. A stock server says none. */
  readonly hello?: object;
  /**
   * Sends an `inspect` frame, which only a relay whose `hello` offers it may be sent. The answer comes by the frame tap, if
   * one comes. Absent where there is no connection.
   */
  ask?(ask: number, id: RawCoID): void;
}

export interface MessageTap {
  (direction: 'sent' | 'received', peerID: string, message: SyncMessage, bytes: number, atMs: number): void;
}

/** A frame as the kernel hands it to its channel or is given it, whatever stands between it and the network. */
export type ChannelMoment = { readonly peerID: string; readonly atMs: number } & (
  | { readonly kind: 'opened'; readonly transport: string }
  | { readonly kind: 'sent' | 'received'; readonly text: string }
  | { readonly kind: 'closed'; readonly error: KernelError }
);

export type TransportWrap = (inner: Transport, peerID: string) => Transport;

export type FrameTap = (moment: ChannelMoment) => void;

/**
 * Called in the very moment. `made`: a transaction of this tab, or the header of its new CoValue, which needs so much;
 * nothing that was imported. A rung: so much has got there, whoever made it, at a relay or, without its id, on this device.
 * `ended`: nothing of the CoValue waits any more; edits that its deletion ended have not got to what they waited for.
 */
export interface RungTap {
  (kind: 'made' | RungName | 'ended', id: string, coverage: Coverage, relayID?: string): void;
}

const inspectionByPeers = new WeakMap<SyncPeers, SyncInspection>();
const peersByNode = new WeakMap<LocalNode, SyncPeers>();

export function offerInspection(peers: SyncPeers, inspection: SyncInspection): void {
  inspectionByPeers.set(peers, inspection);
  peersByNode.set(inspection.node, peers);
}

/** Undefined for an object that this kernel did not make. */
export function inspectionOf(peers: SyncPeers): SyncInspection | undefined {
  return inspectionByPeers.get(peers);
}

/** The sync that the kernel made for the node, last. */
export function syncOf(node: LocalNode): SyncPeers | undefined {
  return peersByNode.get(node);
}
