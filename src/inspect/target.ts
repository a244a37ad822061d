import type { LocalNode } from 'cojson';
import type { Session } from '../session/session.ts';
import type { SyncInspection } from '../sync/inspection.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';

/** A session, a sync, or a node. If the app adds the node's peers itself, less is known about it. */
export type InspectorTarget = Session | SyncPeers | LocalNode;

export interface Inspected {
  readonly sync: Pick<SyncPeers, 'current' | 'subscribe' | 'pause' | 'resume' | 'reconnect'>;
  readonly inspection: SyncInspection;
  /** The app, not the kernel, added the node's peers. */
  readonly isStock: boolean;
  /** Makes cojson's tracker forget a CoValue that every relay has. Does nothing if a relay lacks it. */
  repair(id: string): void;
}
