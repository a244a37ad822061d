import type { LocalNode } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { Session } from '../session/session.ts';
import { inspectionOf, syncOf, type SyncInspection } from '../sync/inspection.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import { inspectStockNode } from './stock-node/inspect-stock-node.ts';

/** A session, a sync, or a node: also one whose peers the app adds itself, of which less is known. */
export type InspectorTarget = Session | SyncPeers | LocalNode;

/** What an inspector reads and acts on. */
export interface Inspected {
  readonly sync: Pick<SyncPeers, 'current' | 'subscribe' | 'pause' | 'resume' | 'reconnect'>;
  readonly inspection: SyncInspection;
  /** The node's peers are the app's, and not the kernel's. */
  readonly isStock: boolean;
  /** Has cojson's tracker forget a CoValue that every relay has. Does nothing where one lacks it. */
  repair(id: string): void;
}

/** Throws TypeError where another copy of the kernel made it. */
export function inspectedFrom(target: InspectorTarget, clock: Clock): Inspected {
  if ('sync' in target) return inspectedSync(target.sync);
  if (!('syncManager' in target)) return inspectedSync(target);
  const sync = syncOf(target);
  return sync ? inspectedSync(sync) : inspectStockNode(target, clock);
}

function inspectedSync(sync: SyncPeers): Inspected {
  const inspection = inspectionOf(sync);
  // The ladder tells cojson's tracker what is so, and there is nothing to repair.
  if (inspection) return { sync, inspection, isStock: false, repair: () => {} };
  throw new TypeError(
    'This session or sync cannot be inspected: another copy of @MaiaOS/kernel made it. Let the app and its devtools import one copy.',
  );
}
