import type { RawCoList, CoValueCore, JsonValue, OpID, RawCoID } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { decrypt } from '../edit-verdicts.ts';
import { restrictsDeletions } from '../refusals/restricted-deletions.ts';
import { compareWithTies } from './tie-order.ts';
import {
  anchorOf,
  compareItems,
  createCircleSearch,
  dated,
  insertSorted,
  isAnchor,
  isSame,
  itemAt,
  itemKey,
  neighboursOf,
  sessionKey,
  transactionKey,
  type Item,
} from './item-places.ts';

type Transaction = CoValueCore['verifiedTransactions'][number];

const statesByList = new WeakMap<RawCoList, State>();

interface State {
  /** Items at the end, because they have no place next to their anchors. */
  readonly atEnd: readonly Unplaced[];
  /** The number of transactions here when the anchors were last looked for. */
  readonly count: number;
}

/**
 * Places items that cojson 0.20 shows on no device, or not yet, after the list has read these transactions. Returns false if it has
 * placed any, or read the whole list again.
 *
 * - The anchor does not count: a member who lost and regained the right to write, and knows of neither, places what counts
 *   next to what does not. Patched, the anchor has its place in the list and is not shown itself.
 * - The anchor is not here, or cannot be read: it may have lost its place to an edit of another device with the same session.
 *   Patched, the item is at the end of the list until its anchor arrives.
 * - The anchor's own place follows from the item: both a copy of this browser profile and an attacker can choose an anchor that
 *   does not exist yet. Patched, the items of such a circle that come before their anchors are at the end of the list.
 */
export function placeItems(
  list: RawCoList<JsonValue>,
  transactions: readonly Transaction[],
  isRebuilt: boolean,
): boolean {
  const ids = Object.keys(list.knownTransactions) as RawCoID[];
  // The list's own and, of a branch, its source's.
  const cores = ids.flatMap((id) => getKnownCoValue(list.core.node, id) ?? []);
  const before = isRebuilt ? undefined : statesByList.get(list);
  const added = lostItems(list, before ? transactions : cores.flatMap((core) => core.toProcessTransactions));
  const count = cores.reduce((sum, { verifiedTransactions }) => sum + verifiedTransactions.length, 0);
  const { atEnd = [] } = before ?? {};
  // As for nearly every edit.
  if (added.length === 0 && atEnd.length === 0) {
    statesByList.set(list, { atEnd, count });
    return true;
  }
  const isHiddenNeeded = added.length > 0 || before?.count !== count;
  const search = createSearch(list, hiddenIn(cores, isHiddenNeeded));
  const isRead = atEnd.some((one) => one.why === 'absent' && search(one) !== 'absent');
  if (isRead) list.rebuildFromCore();
  else statesByList.set(list, { atEnd: [...atEnd, ...placeAll(list, added, search)], count });
  return !isRead && added.length === 0;
}

/** Transactions whose items are anchors without being shown. */
function hiddenIn(cores: readonly CoValueCore[], isNeeded: boolean): Map<string, LeftOut> {
  if (!isNeeded || !cores.some(leavesOut)) return new Map();
  const all = new Map<string, LeftOut>();
  for (const core of cores) {
    for (const transaction of core.verifiedTransactions) {
      const key = transactionKey(transaction.txID);
      const before = all.get(key)?.transaction;
      // Of several that name the same place, cojson takes the first by date, too.
      if (!before || compareWithTies(transaction, before) < 0) all.set(key, { core, transaction });
    }
  }
  return all;
}

/** Whether a list may leave out transactions: those that do not count, and deletions of those who may not delete. */
function leavesOut(core: CoValueCore): boolean {
  const { verifiedTransactions, toProcessTransactions, toDecryptTransactions } = core;
  const valid = toProcessTransactions.length + toDecryptTransactions.length;
  return valid < verifiedTransactions.length || restrictsDeletions(core);
}

/** Items without a place, because the list lacked their anchor when it applied them. */
function lostItems(list: RawCoList<JsonValue>, transactions: readonly Transaction[]): readonly Placed[] {
  const lost: Placed[] = [];
  const placed = createPlacedItems(list);
  for (const { txID, changes = [] } of transactions) {
    const items = list.insertions[sessionKey(txID)]?.[txID.txIndex] ?? {};
    for (let changeIdx = 0; changeIdx < changes.length; changeIdx++) {
      const item = items[changeIdx];
      // Several edits can name the same place. Only the first has made the item.
      if (item?.change !== changes[changeIdx]) continue;
      const opID = { ...txID, changeIdx };
      if (item && !isPlaced(list, opID, item, placed)) lost.push({ opID, item });
    }
  }
  return lost;
}

/** Returns those that are now at the end. In the order of all items, most places are at an end. */
function placeAll(list: RawCoList, lost: readonly Placed[], search: Search): readonly Unplaced[] {
  if (lost.length === 0) return [];
  const without = lost
    .map(({ opID, item }) => ({ opID, item, txID: opID, madeAt: item.madeAt }))
    .toSorted(compareItems)
    .flatMap((one) => {
      removeFromItself(list, one);
      const chain = search(one);
      if (typeof chain === 'string') return { ...one, why: chain };
      for (const link of chain.toReversed()) placeOne(list, link);
      return [];
    });
  for (const { opID } of without) insertSorted(list, list.beforeEnd, opID);
  return without;
}

interface LeftOut {
  readonly core: CoValueCore;
  readonly transaction: Transaction;
  /** Once they are decrypted. */
  changes?: readonly unknown[];
}

interface Placed {
  readonly opID: OpID;
  readonly item: Item;
}

interface Unplaced extends Placed {
  /** Its anchor is not here or cannot be read, or is behind the item itself. */
  readonly why: 'absent' | 'circular';
}

/** Returns the item, and those between it and the list that are not shown; or why it has no place. */
type Search = (item: Placed) => readonly Placed[] | Unplaced['why'];

function createSearch(list: RawCoList, all: Map<string, LeftOut>): Search {
  const hiddenOf = (opID: OpID) => hiddenItem(opID, all.get(transactionKey(opID)));
  const isInCircle = createCircleSearch((opID) => itemAt(list, opID) ?? hiddenOf(opID));
  const isHere = (anchor: OpID | 'start' | 'end') =>
    typeof anchor === 'string' || (itemAt(list, anchor) ?? hiddenOf(anchor)) !== undefined;
  /** Those that are not shown, and have no place: many items can be next to the last of many. */
  const failed = new Map<string, Unplaced['why']>();
  return (first) => {
    // Asked again for each edit.
    if (!isHere(anchorOf(first.item))) return 'absent';
    if (isInCircle(first.opID)) return 'circular';
    const chain = new Map<string, Placed>();
    const fail = (why: Unplaced['why']) => {
      for (const key of [...chain.keys()].slice(1)) failed.set(key, why);
      return why;
    };
    for (let next = first; ;) {
      const key = itemKey(next.opID);
      const why = failed.get(key) ?? (chain.has(key) ? 'circular' : undefined);
      if (why) return fail(why);
      chain.set(key, next);
      const anchor = anchorOf(next.item);
      if (typeof anchor === 'string' || itemAt(list, anchor)) return [...chain.values()];
      const item = hiddenOf(anchor);
      if (!item) return fail('absent');
      next = { opID: anchor, item };
    }
  };
}

function placeOne(list: RawCoList, { opID, item }: Placed): void {
  const ofSession = (list.insertions[sessionKey(opID)] ??= {});
  const ofTransaction = (ofSession[opID.txIndex] ??= {});
  ofTransaction[opID.changeIdx] ??= item;
  insertSorted(list, neighboursOf(list, item), opID);
}

/** cojson finds an item that is its own anchor, and would show it without end. */
function removeFromItself(list: RawCoList, { opID, item }: Placed): void {
  const anchor = anchorOf(item);
  if (typeof anchor === 'string' || !isSame(anchor, opID)) return;
  const neighbours = neighboursOf(list, item);
  const at = neighbours.findIndex((other) => isSame(other, opID));
  if (at >= 0) neighbours.splice(at, 1);
}

function hiddenItem({ changeIdx }: OpID, leftOut: LeftOut | undefined): Item | undefined {
  if (!leftOut) return undefined;
  const { core, transaction } = leftOut;
  const { currentTxID, tx, madeAt } = transaction;
  leftOut.changes ??= transaction.changes ?? decrypt(core, currentTxID.sessionID, currentTxID.txIndex, tx);
  const change = leftOut.changes[changeIdx] as Item['change'] | undefined;
  if (change?.op !== 'app' && change?.op !== 'pre') return undefined;
  const item = { madeAt, predecessors: [], successors: [], change, isValid: false };
  return isAnchor(anchorOf(item)) ? item : undefined;
}

/** Finds the items that are next to their anchors. Each anchor's are read once: members can put thousands next to one. */
function createPlacedItems(list: RawCoList): (one: Placed) => boolean {
  const keysOf = new Map<readonly OpID[], ReadonlySet<string>>();
  return ({ opID, item }) => {
    const neighbours = neighboursOf(list, item);
    const keys = keysOf.get(neighbours) ?? new Set(neighbours.map(itemKey));
    keysOf.set(neighbours, keys);
    return keys.has(itemKey(opID));
  };
}

function isPlaced(
  list: RawCoList,
  opID: OpID,
  item: Item,
  isNextToAnchor: (one: Placed) => boolean,
): boolean {
  const anchor = anchorOf(item);
  if (typeof anchor === 'string') return true;
  const found = itemAt(list, anchor);
  if (!found || isSame(anchor, opID)) return false;
  if (found.madeAt < item.madeAt) return true;
  // cojson applies items by date, and an anchor that replaced another one may be dated later than the item.
  const isEarlier = compareItems(dated(anchor, found), dated(opID, item)) < 0;
  return isEarlier || isNextToAnchor({ opID, item });
}
