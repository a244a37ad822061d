import type { LocalNode, RawCoValue } from 'cojson';
import type { Readable } from '../base/readable.ts';
import type { Transport } from '../transport/transport.ts';
import type { RelayAuth } from './auth/relay-auth.ts';
import type { SyncEvents } from './sync-events.ts';
import type { CoValueSync, SyncState } from './sync-state.ts';

export interface SyncOptions {
  /** The relay. An array holds fail-over addresses of that one relay, tried in turn. Default: see `resolveSyncUrl`. */
  readonly url?: string | readonly string[];
  /** How to sign in at that relay, if it requires this. With `relays`, each has its own. */
  readonly auth?: RelayAuth;
  /** Several independent relays instead of `url`. `confirmed` then means confirmed by all of them. */
  readonly relays?: readonly RelayTarget[];
  /**
   * The app whose data is kept apart at relays that serve several: the path of each address becomes `/sync/{appID}`. 1 to 63
   * lower-case letters, digits and hyphens. Default: the `appID` of the Vite plugin, if any.
   */
  readonly appID?: string;
  /**
   * The transports, tried in this order. The first that works is kept, and the preferred one is used again once it works.
   * Default: WebSocket, then HTTP.
   */
  readonly transports?: readonly Transport[];
  /** Sent to the relay. If the relay requires a newer version, sync stops with APP_OUTDATED and loses nothing. */
  readonly appVersion?: string;
}

export interface RelayTarget {
  /** The relay. An array holds fail-over addresses of that one relay, tried in turn. */
  readonly url: string | readonly string[];
  /** How to sign in at this relay, if it requires this. */
  readonly auth?: RelayAuth;
}

/** A CoValue or its ID. Default: all CoValues. */
export type SyncTarget = RawCoValue | string;

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Rejects with TIMEOUT after this time. Default: never; 10,000 for `session.load`. */
  readonly timeoutMs?: number;
}

/** A node's sync with its relays. `current` and `subscribe` give the sync state. */
export interface SyncPeers extends Readable<SyncState> {
  /** Disconnects from the relays until `resume()`. Edits are still saved on this device. */
  pause(): void;
  resume(): void;
  /** Retries now, regardless of the back-off. */
  reconnect(): void;
  /**
   * How far this device's edits of one CoValue have got. The CoValue need not be loaded. Throws MESSAGE_INVALID for an
   * invalid CoValue ID.
   */
  stateOf(target: SyncTarget): Readable<CoValueSync>;
  /**
   * Sends everything pending, including what an earlier run left in storage, and resolves when it has left this device for
   * every relay. Waits while offline. Rejects with SYNC_OFF or SESSION_CLOSED.
   */
  flush(): Promise<void>;
  /**
   * Resolves when the edits made before this call are committed on this device, for all CoValues or for one. Rejects with
   * STORAGE_UNAVAILABLE if this device stores nothing, TIMEOUT, ABORTED, SESSION_CLOSED, or MESSAGE_INVALID for an invalid
   * CoValue ID.
   */
  whenSaved(target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /**
   * Resolves when every relay has confirmed the edits made before this call. Waits while offline. Rejects like `whenSaved`,
   * but with SYNC_OFF (there is no relay) instead of STORAGE_UNAVAILABLE, and with EDIT_NOT_COUNTED instead of resolving if
   * nobody counts one of these edits that no relay had confirmed yet.
   */
  whenConfirmed(target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /**
   * Like `whenConfirmed`, for relays that promise durability. Also rejects with DURABILITY_NOT_OFFERED as
   * soon as one relay promises none.
   */
  whenDurable(target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /**
   * Subscribes to an event. Every listener receives an event before the next one is delivered. Returns a function that
   * unsubscribes.
   */
  on<E extends keyof SyncEvents>(event: E, listener: (detail: SyncEvents[E]) => void): () => void;
  /**
   * Ends sync with the relays permanently. The node stays usable. With `until`, rejects like the wait for that rung if
   * edits have not reached it, and is closed anyway. Safe to call twice; both calls have the outcome of the first. Rejects with a TypeError,
   * and closes nothing, if `until` names another rung than these.
   */
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions {
  /** The rung to wait for before closing. Default: what can be saved and sent in 2 s. */
  readonly until?: 'saved' | 'sent' | 'confirmed';
  /** How long to wait for `until`, at most. Default: 2 s. */
  readonly timeoutMs?: number;
}

export interface SetupSyncPeersOptions extends SyncOptions {
  readonly node: LocalNode;
}
