import type { RefusalCode } from '../../base/kernel-error.ts';
import type { PeerPhase } from '../../sync/peer-status.ts';
import type { Durability } from '../../sync/sync-state.ts';
import type { RelayQuota } from '../../wire/frames.ts';
import type { Reading, Series, Traffic } from './measures.ts';
import type { PlainError } from './plain-error.ts';

export interface Relay {
  readonly id: string;
  /** The display name: host and port, and the path if several relays share them. */
  readonly host: string;
  /** Without credentials or query string. */
  readonly url: string;
  readonly transport?: string;
  readonly software?: { readonly name: string; readonly version: string };
  readonly phase: PeerPhase['phase'];
  /** When this inspector saw the phase begin. */
  readonly phaseSinceMs: number;
  /** When the last connection ended or, before the first one, the sync began; absent while connected. */
  readonly disconnectedSinceMs?: number;
  readonly attempt?: number;
  readonly retryAtMs?: number;
  readonly roundTripMs?: number;
  readonly error?: PlainError;
  /** Where its address came from. Absent if the app added the peer itself. */
  readonly urlSource?: UrlSource;
  /** Why it cannot be used now, kept until it connects. Absent while no attempt has failed, and while it answers. */
  readonly outage?: Outage;
  /** What this user may store there, and had stored at the last sign-in. An amount that is not limited is absent. */
  readonly quota?: RelayQuota;
  /** What the relay's signatures prove of its storage: it went back, or devices get two histories. The sync state has the proof. */
  readonly contradiction?: 'rollback' | 'split-view';
}

/**
 * Where a relay's address came from: the `url` that the app passed, `globalThis.PUBLIC_API_DOMAIN`, `PUBLIC_API_DOMAIN` at
 * build time, the page's origin, or the page's origin whose dev server forwards to a relay.
 */
export type UrlSource = 'option' | 'run-time' | 'build-time' | 'page' | 'dev-server';

/** Why a relay cannot be used, according to the last attempt or the silence. Facts only; `describeOutage` words them. */
export type Outage =
  /** The browser reports no network, but tries because the relay is on this machine. */
  | { readonly kind: 'no-network' }
  /** No server answered, as far as the browser reveals. */
  | { readonly kind: 'unreachable' }
  /** An open connection ended. */
  | { readonly kind: 'connection-lost' }
  /** A server answered, but not as a relay would. `status`: over HTTP, with `type`, its media type. */
  | {
      readonly kind: 'not-a-relay';
      readonly status?: number;
      readonly type?: string;
      /** It sends back what it receives. */
      readonly isEcho?: true;
    }
  /** A server answered, but does not let this page read its answer. */
  | { readonly kind: 'unreadable' }
  /** A server answered with HTTP status 401 or 403. A relay does so if it does not allow the page's origin. */
  | { readonly kind: 'not-allowed'; readonly status: number }
  /** A server answered with HTTP status 429: this device connects too often. */
  | { readonly kind: 'rate-limited'; readonly status: number }
  /** A network in between answered with HTTP status 511: it requires a login first. */
  | { readonly kind: 'network-login'; readonly status: number }
  /** A server answered with another HTTP status of 500 or above, such as 500. */
  | { readonly kind: 'server-error'; readonly status: number }
  /** A server answered with another HTTP status that may pass, such as 503. */
  | { readonly kind: 'not-ready'; readonly status: number }
  /** `sinceMs`: when its last bytes arrived. Absent if none ever did. */
  | { readonly kind: 'relay-silent'; readonly sinceMs?: number }
  /** The relay refused the connection. `said`: in its words. */
  | { readonly kind: 'relay-refused'; readonly refusal: RefusalCode; readonly said: string }
  /** Injected faults broke the connection. */
  | { readonly kind: 'faults' }
  | { readonly kind: 'other'; readonly error: PlainError };

export interface Peer extends Relay {
  readonly promises: Durability | 'unknown';
  readonly sent: Traffic;
  readonly received: Traffic;
  readonly bufferedBytes: Reading;
  readonly unacknowledgedMessages: Reading;
  readonly roundTrips: Series;
  /** Changes of phase, newest first; a bounded number. */
  readonly changes: readonly PhaseChange[];
  /** One for each address and transport since it was last connected for 30 s, latest first, without those from before the current connection. */
  readonly failedRequests: readonly FailedRequest[];
  readonly dropped: DroppedContent;
  /** The last one since this inspector was created. */
  readonly lastRefusal?: Refusal;
}

/** An attempt over one transport, or the connection that it opened. Facts only; `describeRequest` words them. */
export interface FailedRequest {
  readonly transport: string;
  /** Without credentials or query string. */
  readonly url: string;
  readonly hasOpened: boolean;
  /** The last time. */
  readonly atMs: number;
  /** The first time, and how often since. */
  readonly sinceMs: number;
  readonly times: number;
  /** HTTP status. 0: a server answered, but does not let this page read its answer. */
  readonly status?: number;
  /** Media type of the answer. */
  readonly type?: string;
  /** Of a WebSocket. */
  readonly closeCode?: number;
  readonly refusal?: RefusalCode;
  /** The reason in the server's words. */
  readonly said?: string;
  readonly error: PlainError;
}

/** The relay refused something, or this device did on its behalf. */
export interface Refusal {
  readonly atMs: number;
  /** Of the CoValue. Absent if the connection was refused. */
  readonly id?: string;
  readonly error: PlainError;
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
