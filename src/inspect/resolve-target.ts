import type { Clock } from '../base/clock.ts';
import { inspectionOf, syncOf } from '../sync/inspection.ts';
import type { SyncPeers } from '../sync/sync-peers.ts';
import { inspectStockNode } from './stock-node/inspect-stock-node.ts';
import type { Inspected, InspectorTarget } from './target.ts';

/** Throws TypeError if another copy of the kernel created the target. */
export function resolveTarget(target: InspectorTarget, clock: Clock): Inspected {
  if ('sync' in target) return inspectSync(target.sync);
  if (!('syncManager' in target)) return inspectSync(target);
  const sync = syncOf(target);
  return sync ? inspectSync(sync) : inspectStockNode(target, clock);
}

function inspectSync(sync: SyncPeers): Inspected {
  const inspection = inspectionOf(sync);
  // The kernel keeps cojson's tracker current, so there is nothing to repair.
  if (inspection) return { sync, inspection, isStock: false, repair: () => {} };
  throw new TypeError(
    'Cannot inspect this session or sync because another copy of @MaiaOS/kernel created it. Import a single copy in the app and its devtools.',
  );
}
