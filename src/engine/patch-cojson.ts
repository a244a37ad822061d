import { patchEmptyGroups } from './empty-groups.ts';
import { patchTieOrder } from './tie-order.ts';

/** Applies the process-wide fixes to cojson, which affect every node. Idempotent; call it before creating a node. */
export function patchCojson(): void {
  patchEmptyGroups();
  patchTieOrder();
}
