import { RawCoList, type CoValueCore, type JsonValue, type OpID, type RawCoID, type SessionID } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { decrypt } from '../edit-verdicts.ts';
import { restrictsDeletions } from '../refusals/restricted-deletions.ts';
import { compareWithTies } from './tie-order.ts';

type Transaction = CoValueCore['verifiedTransactions'][number];
/** An item with its place: next to another one, its anchor, or at an end of the list. */
type Item = RawCoList<JsonValue>['insertions'][SessionID][number][number];

let isPatched = false;
const statesByList = new WeakMap<RawCoList, State>();

interface State {
  /** Items whose anchors are not here, or cannot be read yet. */
  readonly lost: readonly Placed[];
  /** The number of transactions here when they were last looked for. */
  readonly count: number;
}

/**
 * Shows items whose anchor does not count. A member who lost and regained the right to write, and heard of neither, places
 * what counts next to what does not; cojson 0.20 then shows nothing behind it, on any device. Patched, the anchor has its
 * place in the list and is not shown itself. Process-wide and idempotent.
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
  if (!cores.some(leavesOut)) return;
  const isRebuilt = Object.values(known).every((count) => count === 0);
  const before = isRebuilt ? undefined : statesByList.get(list);
  const added = cores.flatMap((core) =>
    core.toProcessTransactions.slice(before ? known[core.id] : 0).flatMap((one) => lostItems(list, one)),
  );
  const count = cores.reduce((sum, { verifiedTransactions }) => sum + verifiedTransactions.length, 0);
  if (before && added.length === 0 && (before.lost.length === 0 || before.count === count)) return;
  statesByList.set(list, { lost: placeAll(list, cores, [...(before?.lost ?? []), ...added]), count });
}

/** Whether a list may leave out transactions: those that do not count, and deletions of those who may not delete. */
function leavesOut(core: CoValueCore): boolean {
  const { verifiedTransactions, toProcessTransactions, toDecryptTransactions } = core;
  const valid = toProcessTransactions.length + toDecryptTransactions.length;
  return valid < verifiedTransactions.length || restrictsDeletions(core);
}

/** Those of a transaction that have no place, because the list lacks their anchor. */
function lostItems(list: RawCoList<JsonValue>, { txID, changes = [] }: Transaction): readonly Placed[] {
  return changes.flatMap((_, changeIdx) => {
    const opID = { ...txID, changeIdx };
    const item = itemAt(list, opID);
    return item && !hasPlace(list, item) ? [{ opID, item }] : [];
  });
}

/** Returns those whose anchors are missing. In the order of all items, most places are at an end. */
function placeAll(
  list: RawCoList,
  cores: readonly CoValueCore[],
  lost: readonly Placed[],
): readonly Placed[] {
  if (lost.length === 0) return lost;
  const all = new Map(
    cores.flatMap((core) =>
      core.verifiedTransactions.map((transaction) => [
        transactionKey(transaction.txID),
        { core, transaction },
      ]),
    ),
  );
  return lost
    .map(({ opID, item }) => ({ opID, item, txID: opID, madeAt: item.madeAt }))
    .toSorted(compareItems)
    .filter((one) => !place(list, one, all));
}

interface LeftOut {
  readonly core: CoValueCore;
  readonly transaction: Transaction;
}

interface Placed {
  readonly opID: OpID;
  readonly item: Item;
}

/** False if an anchor is not here or cannot be read yet. */
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
  Reflect.set(list, '_cachedEntries', undefined);
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
  const dated = (txID: OpID) => ({ txID, madeAt: itemAt(list, txID)?.madeAt ?? 0 });
  const own = dated(opID);
  let [from, to] = [0, neighbours.length];
  // First at the end, where most belong, and then by halves.
  for (let at = to - 1; from < to; at = (from + to) >> 1) {
    const neighbour = neighbours[at];
    if (neighbour && compareItems(own, dated(neighbour)) < 0) to = at;
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
function sessionKey({ sessionID, branch }: OpID) {
  return branch ? (`${sessionID}_branch_${branch}` as const) : sessionID;
}

function transactionKey({ sessionID, branch, txIndex }: Transaction['txID']): string {
  return `${sessionID} ${branch ?? ''} ${txIndex}`;
}
