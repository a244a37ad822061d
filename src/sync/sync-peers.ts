import type { LocalNode } from 'cojson';
import type { Readable } from '../platform/readable.ts';
import type { SyncState } from './sync-state.ts';

export interface SyncOptions {
  /** The relay; an array is fail-over addresses of that one relay, tried in turn. Default: see `resolveSyncUrl`. */
  readonly url?: string | readonly string[];
}

/** A node's sync with its relay. Readable: `current` and `subscribe` give the sync state. */
export interface SyncPeers extends Readable<SyncState> {
  /** Leaves the relay until `resume()`. Edits are still saved on this device. */
  pause(): void;
  resume(): void;
  /** Tries now, whatever the back-off says. */
  reconnect(): void;
  /** Ends sync with the relay for good; the node itself stays usable. Safe to call twice. */
  close(): Promise<void>;
}

export interface SetupSyncPeersOptions extends SyncOptions {
  readonly node: LocalNode;
}
