import { mendEmptyGroups } from './mend-empty-groups.ts';
import { orderTies } from './order-ties.ts';

/** What this copy of cojson does otherwise than it came, for every node. Before the first of them is made; safe to call again. */
export function mendCojson(): void {
  mendEmptyGroups();
  orderTies();
}
