import type { CoValueCore, JsonValue, OpID, RawCoList, SessionID } from 'cojson';
import { compareWithTies } from './tie-order.ts';

// The places of items in cojson's lists.

export type TxID = CoValueCore['verifiedTransactions'][number]['txID'];
/** An item with its place: next to another one, its anchor, or at an end of the list. */
export type Item = RawCoList<JsonValue>['insertions'][SessionID][number][number];

export interface Dated {
  readonly txID: OpID;
  readonly madeAt: number;
}

export function anchorOf({ change }: Item): OpID | 'start' | 'end' {
  return change.op === 'app' ? change.after : change.before;
}

/** The items that have the same anchor, oldest first. */
export function neighboursOf(list: RawCoList, item: Item): OpID[] {
  const anchor = anchorOf(item);
  if (typeof anchor === 'string') return anchor === 'start' ? list.afterStart : list.beforeEnd;
  const of = itemAt(list, anchor);
  return (item.change.op === 'app' ? of?.successors : of?.predecessors) ?? [];
}

/** All devices keep the same order, although an anchor can arrive after the items that follow it. */
export function insertSorted(list: RawCoList, neighbours: OpID[], opID: OpID): void {
  const datedAt = (txID: OpID) => ({ txID, madeAt: itemAt(list, txID)?.madeAt ?? 0 });
  const own = datedAt(opID);
  let [from, to] = [0, neighbours.length];
  // First at the end, where most belong, and then by halves.
  for (let at = to - 1; from < to; at = (from + to) >> 1) {
    const neighbour = neighbours[at];
    if (neighbour && compareItems(own, datedAt(neighbour)) < 0) to = at;
    else from = at + 1;
  }
  neighbours.splice(from, 0, opID);
}

export function compareItems(one: Dated, other: Dated): number {
  return compareWithTies(one, other) || one.txID.changeIdx - other.txID.changeIdx;
}

export function itemAt(list: RawCoList, opID: OpID): Item | undefined {
  return list.insertions[sessionKey(opID)]?.[opID.txIndex]?.[opID.changeIdx];
}

/** As in cojson. */
export function sessionKey({ sessionID, branch }: TxID) {
  return branch ? (`${sessionID}_branch_${branch}` as const) : sessionID;
}

export function itemKey(opID: OpID): string {
  return `${transactionKey(opID)} ${opID.changeIdx}`;
}

/** Two names of one place are the same, as for cojson: a session's name can end with a branch. */
export function transactionKey(txID: TxID): string {
  return `${sessionKey(txID)} ${txID.txIndex}`;
}

/** Finds the items that lead back to themselves, from anchor to anchor. Each step is walked once: members can make long ways. */
export function createCircleSearch(itemOf: (opID: OpID) => Item | undefined): (opID: OpID) => boolean {
  const known = new Map<string, boolean>();
  return (from) => {
    const passed = new Set<string>();
    for (let next: OpID | 'start' | 'end' = from; typeof next !== 'string';) {
      const key = itemKey(next);
      if (passed.has(key)) {
        const keys = [...passed];
        for (const one of keys.slice(keys.indexOf(key))) known.set(one, true);
      }
      const item: Item | undefined = known.has(key) ? undefined : itemOf(next);
      if (!item) break;
      passed.add(key);
      next = anchorOf(item);
    }
    for (const key of passed) if (!known.has(key)) known.set(key, false);
    return known.get(itemKey(from)) ?? false;
  };
}

/** What does not count can be anybody's, in any shape. */
export function isAnchor(value: unknown): boolean {
  if (value === 'start' || value === 'end') return true;
  const { sessionID, txIndex, changeIdx } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof sessionID === 'string' && typeof txIndex === 'number' && typeof changeIdx === 'number';
}

export const dated = (txID: OpID, { madeAt }: Item): Dated => ({ txID, madeAt });

export function isSame(one: OpID, other: OpID): boolean {
  return one.changeIdx === other.changeIdx && transactionKey(one) === transactionKey(other);
}
