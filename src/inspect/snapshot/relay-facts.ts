import type { PeerPhase } from '../../sync/peer-status.ts';
import type { Durability } from '../../sync/sync-state.ts';
import type { Reading, Series, Traffic } from './measures.ts';
import type { PlainError } from './plain-error.ts';

export interface Relay {
  readonly id: string;
  /** The display name: host and port. */
  readonly host: string;
  /** Without credentials or query string. */
  readonly url: string;
  readonly transport?: string;
  readonly software?: { readonly name: string; readonly version: string };
  readonly phase: PeerPhase['phase'];
  /** When this inspector saw the phase begin. */
  readonly phaseSinceMs: number;
  /** Since when this inspector has seen it disconnected; absent while connected. */
  readonly disconnectedSinceMs?: number;
  readonly attempt?: number;
  readonly retryAtMs?: number;
  readonly roundTripMs?: number;
  readonly error?: PlainError;
}

export interface Peer extends Relay {
  readonly promises: Durability | 'unknown';
  readonly sent: Traffic;
  readonly received: Traffic;
  readonly bufferedBytes: Reading;
  readonly unacknowledgedMessages: Reading;
  readonly roundTrips: Series;
  /** Changes of phase, newest first; a bounded number. */
  readonly changes: readonly PhaseChange[];
  readonly dropped: DroppedContent;
}

/** Sessions that were not taken: from the relay, or by it if another account wrote them. */
export interface DroppedContent {
  readonly sessions: number;
  /** Newest first; a bounded number. */
  readonly latest: readonly DroppedSession[];
}

export interface DroppedSession {
  readonly atMs: number;
  /** Of the CoValue. */
  readonly id: string;
  readonly sessionID: string;
  readonly reason: string;
}

export interface PhaseChange {
  readonly atMs: number;
  readonly from: PeerPhase['phase'];
  readonly to: PeerPhase['phase'];
  readonly error?: PlainError;
}
