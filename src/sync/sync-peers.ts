import type { LocalNode } from 'cojson';
import type { Readable } from '../base/readable.ts';
import type { Transport } from '../transport/transport.ts';
import type { SyncTarget, WaitOptions } from './rung-waits.ts';
import type { SyncEvents } from './sync-events.ts';
import type { SyncState } from './sync-state.ts';

export interface SyncOptions {
  /** The relay; an array is fail-over addresses of that one relay, tried in turn. Default: see `resolveSyncUrl`. */
  readonly url?: string | readonly string[];
  /** Several independent relays instead of `url`. `confirmed` then means: by all of them. */
  readonly relays?: readonly RelayTarget[];
  /**
   * How frames travel, tried in this order; the first that comes through is kept, and the first of all is taken again once it
   * comes through too. Default: WebSocket, then HTTP.
   */
  readonly transports?: readonly Transport[];
  /** Told to the relay, which may ask for a newer one: then sync stops with APP_OUTDATED, and nothing is lost. */
  readonly appVersion?: string;
}

export interface RelayTarget {
  /** The relay; an array is fail-over addresses of that one relay, tried in turn. */
  readonly url: string | readonly string[];
}

/** A node's sync with its relays. Readable: `current` and `subscribe` give the sync state. */
export interface SyncPeers extends Readable<SyncState> {
  /** Leaves the relays until `resume()`. Edits are still saved on this device. */
  pause(): void;
  resume(): void;
  /** Tries now, whatever the back-off says. */
  reconnect(): void;
  /**
   * Sends what is pending now, also what an earlier run left in storage, and resolves when it has left this device for every
   * relay. It waits while offline; rejects with SYNC_OFF or SESSION_CLOSED.
   */
  flush(): Promise<void>;
  /**
   * Resolves when the edits that were made until this call are committed on this device; of all CoValues, or of one. Rejects
   * with STORAGE_UNAVAILABLE where nothing is kept here, TIMEOUT, ABORTED, SESSION_CLOSED, or MESSAGE_INVALID for what is no
   * CoValue's id.
   */
  whenSaved(target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /** The same for every relay's word that it has them. Waits while offline; rejects with SYNC_OFF where there is no relay. */
  whenConfirmed(target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /** The same for relays that promise to keep them, and with DURABILITY_NOT_OFFERED as soon as one promises nothing. */
  whenDurable(target?: SyncTarget, options?: WaitOptions): Promise<void>;
  /** Events are delivered in order: each to everybody who listens before the next one. Returns the end. */
  on<E extends keyof SyncEvents>(event: E, listener: (detail: SyncEvents[E]) => void): () => void;
  /** Ends sync with the relays for good; the node itself stays usable. Safe to call twice. */
  close(): Promise<void>;
}

export interface SetupSyncPeersOptions extends SyncOptions {
  readonly node: LocalNode;
}
