import { mendEmptyGroups } from '../engine/empty-groups.ts';
import { orderTies } from '../engine/tie-order.ts';

/** What this copy of cojson does otherwise than it came, for every node. Before the first of them is made; safe to call again. */
export function mendCojson(): void {
  mendEmptyGroups();
  orderTies();
}
