import type { Durability, SyncState } from '../sync/sync-state.ts';
import type { RungStep } from '../sync/inspection.ts';
import type { PeerPhase } from '../sync/peer-status.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { CoValueKind } from './shared/covalue-label.ts';
import type { FaultsNow } from './faults/faults.ts';
import type { Lag } from './lag/lag.ts';
import type { MemoryFigures } from './storage/memory-figures.ts';
import type { MessageCounts } from './snapshot/message-types.ts';
import type { Reason } from './unsynced/reason.ts';
import type { RecordingNow } from './faults/recorder.ts';
import type { ReplayResult } from './faults/replay.ts';
import type { StorageFacts } from './snapshot/storage-facts.ts';
import type { TabsNow } from './tabs/tabs-now.ts';
import type { Way } from './unsynced/relay-access.ts';

/** Goes up when a field changes its meaning or goes away. New fields do not count: readers ignore what they do not know. */
export const inspectorProtocol = 1 as const;

/**
 * Everything an inspector knows at one moment, as plain JSON. Facts carry points in time, not ages, so a view that
 * says nothing new stays the same object; words and ages are made from them where they are shown.
 */
export interface InspectorSnapshot {
  readonly protocol: typeof inspectorProtocol;
  readonly atMs: number;
  readonly overview: Overview;
  /** Oldest first. */
  readonly unsynced: readonly UnsyncedRow[];
  readonly queues: Queues;
  readonly peers: readonly Peer[];
  readonly messages: MessageCounts;
  readonly storage: StorageFacts;
  readonly lag: Lag;
  /** Counted at most every two seconds. */
  readonly memory: MemoryFigures;
  readonly tabs: TabsNow;
  /** Absent while there are none. */
  readonly faults?: FaultsNow | undefined;
  /** The one that runs, or that ended by itself and was not fetched yet. */
  readonly recording?: RecordingNow | undefined;
  /** Only in what a replay answers. */
  readonly replay?: ReplayResult;
  readonly cost: Cost;
}

/** The views that changed since the last one; merge it over a snapshot. */
export type InspectorIncrement = Pick<InspectorSnapshot, 'protocol' | 'atMs'> & Partial<InspectorSnapshot>;

/** `unknown`: read from a private field of cojson that has another shape than the one we know. */
export type Reading = number | 'unknown';

/** An error without its stack and cause: nothing that could hold a value of the app's. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  /** The faults that somebody set have done this, and no network. */
  readonly byFaultPlan?: true;
}

/** The four rungs of the ladder, in their order. */
export const rungs = ['saved', 'sent', 'confirmed', 'durable'] as const;
export type RungName = (typeof rungs)[number];

export interface Overview {
  readonly status: SyncState['status'];
  readonly error?: PlainError;
  /** Without `durable` where a relay promises no durability. */
  readonly rungs: Readonly<Record<Exclude<RungName, 'durable'>, RungCount>> & {
    readonly durable?: RungCount;
  };
  readonly durability: Durability | 'unknown';
  readonly storage: Pick<
    StorageStatus,
    'kind' | 'state' | 'persisted' | 'usedBytes' | 'quotaBytes' | 'takeover'
  > & {
    readonly error?: PlainError;
  };
  readonly relays: readonly Relay[];
  /** The node's peers are the app's own: from here they can be looked at, and not paused, dialled or broken. */
  readonly isStock?: true;
}

/** CoValues that have not reached this rung. */
export interface RungCount {
  readonly pending: number;
  readonly oldestSinceMs?: number;
  readonly error?: PlainError;
}

export interface Relay {
  readonly id: string;
  /** How a person calls it: host and port. */
  readonly host: string;
  /** Without credentials and query. */
  readonly url: string;
  readonly transport?: string;
  readonly software?: { readonly name: string; readonly version: string };
  readonly phase: PeerPhase['phase'];
  /** When this inspector saw the phase begin. */
  readonly phaseSinceMs: number;
  /** Since when there is no connection; absent while there is one. */
  readonly disconnectedSinceMs?: number;
  readonly attempt?: number;
  readonly retryAtMs?: number;
  readonly roundTripMs?: number;
  readonly error?: PlainError;
}

export interface UnsyncedRow {
  readonly id: string;
  readonly kind: CoValueKind;
  /** What its own `name` or `title` says, where the account can read it and it is loaded. */
  readonly name?: string;
  /** Of all its transactions; absent where it is not loaded, or not added up yet. */
  readonly bytes?: number;
  readonly sinceMs: number;
  readonly steps: Readonly<Record<RungName, RungStep>>;
  /** To the relays that have not confirmed it. */
  readonly way: Way;
  /** Hosts of the relays that have not confirmed it. */
  readonly missingAt: readonly string[];
  /** What cojson's own tracker waits for, where the kernel's ladder does not stand in its place: ids of peers, or `any`. */
  readonly trackedFor?: readonly string[] | 'unknown';
  readonly reason: Reason;
}

export interface Queues {
  readonly high: PriorityQueue;
  readonly medium: PriorityQueue;
  readonly low: PriorityQueue;
  readonly relays: readonly RelayQueues[];
  /** Writes that wait for this device's storage. */
  readonly localWrites: Gauge;
}
export const priorities = ['high', 'medium', 'low'] as const;
export type Priority = (typeof priorities)[number];

export interface PriorityQueue {
  /** Messages that wait for the socket, over all relays. */
  readonly depth: Gauge;
  /** Means over the last five whole seconds. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly depths: Series;
  readonly messages: Series;
}

export interface RelayQueues {
  readonly id: string;
  readonly host: string;
  readonly bufferedBytes: Gauge;
  readonly unacknowledgedMessages: Gauge;
  readonly incoming: Gauge;
  readonly loadsInFlight: Gauge;
  readonly loadsWaiting: Gauge;
}

/** A reading and the highest one of the last two minutes. */
export interface Gauge {
  readonly now: Reading;
  readonly peak: Reading;
}

/** One value a second, up to the last whole one; `null` where nothing was measured. */
export interface Series {
  readonly endMs: number;
  readonly values: readonly (number | null)[];
}

export interface Peer extends Relay {
  readonly promises: Durability | 'unknown';
  readonly sent: Traffic;
  readonly received: Traffic;
  readonly bufferedBytes: Reading;
  readonly unacknowledgedMessages: Reading;
  readonly roundTrips: Series;
  /** Changes of phase, newest first; a bounded number of them. */
  readonly changes: readonly PhaseChange[];
}

/** Since the inspector was made. */
export interface Traffic {
  readonly messages: number;
  readonly bytes: number;
}

export interface PhaseChange {
  readonly atMs: number;
  readonly from: PeerPhase['phase'];
  readonly to: PeerPhase['phase'];
  readonly error?: PlainError;
}

/** What inspecting itself costs, as means over the last seconds; what taps put down in the moment is too short for a clock. */
export interface Cost {
  readonly msPerSecond: number;
  readonly eventsPerSecond: number;
}
