import { RawCoList, type CoValueCore, type JsonValue, type OpID, type RawCoID, type SessionID } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { decrypt } from '../edit-verdicts.ts';
import { restrictsDeletions } from '../refusals/restricted-deletions.ts';
import { compareWithTies } from './tie-order.ts';

type Transaction = CoValueCore['verifiedTransactions'][number];
type TxID = Transaction['txID'];
/** An item with its place: next to another one, its anchor, or at an end of the list. */
type Item = RawCoList<JsonValue>['insertions'][SessionID][number][number];

let isPatched = false;
const statesByList = new WeakMap<RawCoList, State>();

interface State {
  /** Items at the end, because their anchors are not here or cannot be read. */
  readonly atEnd: readonly Placed[];
  /** The number of transactions here when the anchors were last looked for. */
  readonly count: number;
}

/**
 * Shows items that cojson 0.20 shows on no device, or not yet. Process-wide and idempotent.
 *
 * - The anchor does not count: a member who lost and regained the right to write, and heard of neither, places what counts
 *   next to what does not. Patched, the anchor has its place in the list and is not shown itself.
 * - The anchor is not here, or cannot be read: it may have lost its place to an edit of another device with the same session.
 *   Patched, the item is at the end of the list until its anchor arrives.
 */
export function patchInvalidAnchors(): void {
  if (isPatched) return;
  isPatched = true;
  const { processNewTransactions } = RawCoList.prototype;
  RawCoList.prototype.processNewTransactions = function () {
    const { version } = this;
    const known = { ...this.knownTransactions };
    processNewTransactions.call(this);
    // A rebuild has come through here itself.
    if (this.version === version) placeItems(this as RawCoList<JsonValue>, known);
  };
}

function placeItems(list: RawCoList<JsonValue>, known: RawCoList['knownTransactions']): void {
  const ids = Object.keys(list.knownTransactions) as RawCoID[];
  // The list's own and, of a branch, its source's.
  const cores = ids.flatMap((id) => getKnownCoValue(list.core.node, id) ?? []);
  const isRebuilt = Object.values(known).every((count) => count === 0);
  const before = isRebuilt ? undefined : statesByList.get(list);
  const added = cores.flatMap((core) =>
    lostItems(list, core.toProcessTransactions.slice(before ? known[core.id] : 0)),
  );
  const count = cores.reduce((sum, { verifiedTransactions }) => sum + verifiedTransactions.length, 0);
  const { atEnd = [] } = before ?? {};
  const all = hiddenIn(cores, added.length > 0 || (atEnd.length > 0 && before?.count !== count));
  if (atEnd.some(({ item }) => hasAnchor(list, item, all))) return list.rebuildFromCore();
  statesByList.set(list, { atEnd: [...atEnd, ...placeAll(list, added, all)], count });
}

function hasAnchor(list: RawCoList, item: Item, all: ReadonlyMap<string, LeftOut>): boolean {
  if (hasPlace(list, item)) return true;
  const anchor = anchorOf(item) as OpID;
  return hiddenItem(anchor, all.get(transactionKey(anchor))) !== undefined;
}

/** Transactions whose items are anchors without being shown. */
function hiddenIn(cores: readonly CoValueCore[], isNeeded: boolean): ReadonlyMap<string, LeftOut> {
  if (!isNeeded || !cores.some(leavesOut)) return new Map();
  return new Map(
    cores.flatMap((core) =>
      core.verifiedTransactions.map((transaction) => [
        transactionKey(transaction.txID),
        { core, transaction },
      ]),
    ),
  );
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
  for (const { txID, changes = [] } of transactions) {
    const items = list.insertions[sessionKey(txID)]?.[txID.txIndex] ?? {};
    for (let changeIdx = 0; changeIdx < changes.length; changeIdx++) {
      const item = items[changeIdx];
      if (item && !isPlaced(list, txID, changeIdx, item)) lost.push({ opID: { ...txID, changeIdx }, item });
    }
  }
  return lost;
}

/** Returns those that are now at the end. In the order of all items, most places are at an end. */
function placeAll(
  list: RawCoList,
  lost: readonly Placed[],
  all: ReadonlyMap<string, LeftOut>,
): readonly Placed[] {
  if (lost.length === 0) return lost;
  const without = lost
    .map(({ opID, item }) => ({ opID, item, txID: opID, madeAt: item.madeAt }))
    .toSorted(compareItems)
    .filter((one) => !place(list, one, all));
  for (const { opID } of without) insertSorted(list, list.beforeEnd, opID);
  Reflect.set(list, '_cachedEntries', undefined);
  return without;
}

interface LeftOut {
  readonly core: CoValueCore;
  readonly transaction: Transaction;
}

interface Placed {
  readonly opID: OpID;
  readonly item: Item;
}

/** False if an anchor is not here or cannot be read. */
function place(list: RawCoList, last: Placed, all: ReadonlyMap<string, LeftOut>): boolean {
  const chain = new Map<string, Placed>();
  for (let next = last; ;) {
    const { opID, item } = next;
    const key = `${transactionKey(opID)} ${opID.changeIdx}`;
    if (chain.has(key)) return false;
    chain.set(key, next);
    if (hasPlace(list, item)) break;
    const anchor = anchorOf(item) as OpID;
    const found = hiddenItem(anchor, all.get(transactionKey(anchor)));
    if (!found) return false;
    next = { opID: anchor, item: found };
  }
  for (const { opID, item } of [...chain.values()].toReversed()) {
    const ofSession = (list.insertions[sessionKey(opID)] ??= {});
    const ofTransaction = (ofSession[opID.txIndex] ??= {});
    ofTransaction[opID.changeIdx] ??= item;
    insertSorted(list, neighboursOf(list, item), opID);
  }
  return true;
}

function hiddenItem({ changeIdx }: OpID, leftOut: LeftOut | undefined): Item | undefined {
  if (!leftOut) return undefined;
  const { core, transaction } = leftOut;
  const { currentTxID, tx, madeAt } = transaction;
  const changes = transaction.changes ?? decrypt(core, currentTxID.sessionID, currentTxID.txIndex, tx);
  const change = changes[changeIdx] as Item['change'] | undefined;
  if (change?.op !== 'app' && change?.op !== 'pre') return undefined;
  const item = { madeAt, predecessors: [], successors: [], change, isValid: false };
  return isAnchor(anchorOf(item)) ? item : undefined;
}

/** What does not count can be anybody's, in any shape. */
function isAnchor(value: unknown): boolean {
  if (value === 'start' || value === 'end') return true;
  const { sessionID, txIndex, changeIdx } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof sessionID === 'string' && typeof txIndex === 'number' && typeof changeIdx === 'number';
}

function isPlaced(list: RawCoList, txID: TxID, changeIdx: number, item: Item): boolean {
  const anchor = anchorOf(item);
  if (typeof anchor === 'string') return true;
  const found = itemAt(list, anchor);
  if (!found) return false;
  if (found.madeAt < item.madeAt) return true;
  // cojson applies items by date, and an anchor that replaced another one may be dated later than the item.
  const opID = { ...txID, changeIdx };
  const isEarlier = compareItems(dated(anchor, found), dated(opID, item)) < 0;
  return isEarlier || neighboursOf(list, item).some((other) => isSame(other, opID));
}

const dated = (txID: OpID, { madeAt }: Item): Dated => ({ txID, madeAt });

function isSame(one: OpID, other: OpID): boolean {
  return one.changeIdx === other.changeIdx && transactionKey(one) === transactionKey(other);
}

function hasPlace(list: RawCoList, item: Item): boolean {
  const anchor = anchorOf(item);
  return typeof anchor === 'string' || itemAt(list, anchor) !== undefined;
}

function anchorOf({ change }: Item): OpID | 'start' | 'end' {
  return change.op === 'app' ? change.after : change.before;
}

/** The items that have the same anchor, oldest first. */
function neighboursOf(list: RawCoList, item: Item): OpID[] {
  const anchor = anchorOf(item);
  if (typeof anchor === 'string') return anchor === 'start' ? list.afterStart : list.beforeEnd;
  const of = itemAt(list, anchor);
  return (item.change.op === 'app' ? of?.successors : of?.predecessors) ?? [];
}

/** Every device has them in the same order, although some hear of an anchor after what follows it. */
function insertSorted(list: RawCoList, neighbours: OpID[], opID: OpID): void {
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

interface Dated {
  readonly txID: OpID;
  readonly madeAt: number;
}

function compareItems(one: Dated, other: Dated): number {
  return compareWithTies(one, other) || one.txID.changeIdx - other.txID.changeIdx;
}

function itemAt(list: RawCoList, opID: OpID): Item | undefined {
  return list.insertions[sessionKey(opID)]?.[opID.txIndex]?.[opID.changeIdx];
}

/** As in cojson. */
function sessionKey({ sessionID, branch }: TxID) {
  return branch ? (`${sessionID}_branch_${branch}` as const) : sessionID;
}

function transactionKey({ sessionID, branch, txIndex }: TxID): string {
  return `${sessionID} ${branch ?? ''} ${txIndex}`;
}
