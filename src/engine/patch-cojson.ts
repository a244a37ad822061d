import { patchRefusals } from './refusals/early-refusals.ts';
import { patchEmptyGroups } from './fixes/empty-groups.ts';
import { patchInvalidAnchors } from './fixes/invalid-anchors.ts';
import { patchLateChanges } from './fixes/late-changes.ts';
import { patchTieOrder } from './fixes/tie-order.ts';
import { patchGroupRules } from './group-rules/patch-group-rules.ts';

/** Applies the process-wide fixes to cojson, which affect every node. Idempotent; call it before creating a node. */
export function patchCojson(): void {
  patchEmptyGroups();
  patchTieOrder();
  patchInvalidAnchors();
  patchLateChanges();
  patchGroupRules();
  patchRefusals();
}
