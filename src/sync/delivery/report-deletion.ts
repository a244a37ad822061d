import type { LocalNode, RawCoID } from 'cojson';
import { getKnownCoValue, localCounts } from '../../engine/covalue-lookup.ts';
import { deletionOnly, knownCountsOfState } from '../../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';

/** If the CoValue was deleted, ends its pending edits: only the deletion has to arrive. */
export function reportDeletion(
  node: LocalNode,
  ladder: Pick<Ladder, 'deleted' | 'saved'>,
  id: RawCoID,
): void {
  if (!getKnownCoValue(node, id)?.isDeleted) return;
  const { header: _, ...deletion } = localCounts(node, id);
  ladder.deleted(id, deletion);
  // The deletion may have been saved before any edit that it ends was pending.
  const stored = node.storage?.getKnownState(id);
  if (stored) ladder.saved(id, deletionOnly(knownCountsOfState(stored)));
}
