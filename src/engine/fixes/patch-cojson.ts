import { patchReading } from '../reading/patch-reading.ts';
import { patchRefusals } from '../refusals/early-refusals.ts';
import { patchEmptyGroups } from './empty-groups.ts';
import { patchLateChanges } from './late-changes.ts';
import { patchLists } from './patch-lists.ts';
import { patchTieOrder } from './tie-order.ts';
import { patchGroupRules } from '../group-rules/patch-group-rules.ts';

/** Applies the process-wide fixes to cojson, which affect every node. Idempotent; call it before creating a node. */
export function patchCojson(): void {
  patchEmptyGroups();
  patchTieOrder();
  patchLists();
  patchLateChanges();
  patchGroupRules();
  patchReading();
  patchRefusals();
}
