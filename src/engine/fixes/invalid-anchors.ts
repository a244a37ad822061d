import { RawCoList, type CoValueCore, type JsonValue, type OpID, type RawCoID, type SessionID } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { decrypt } from '../edit-verdicts.ts';
import { compareWithTies } from './tie-order.ts';

type Transaction = CoValueCore['verifiedTransactions'][number];
/** An item with its place: next to another one, its anchor, or at an end of the list. */
type Item = RawCoList<JsonValue>['insertions'][SessionID][number][number];

let isPatched = false;
/** By list, how many transactions did not count when all of its items had a place. */
const placedWith = new WeakMap<RawCoList, number>();

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

function placeItems(list: RawCoList, known: RawCoList['knownTransactions']): void {
  const ids = Object.keys(list.knownTransactions) as RawCoID[];
  // The list's own and, of a branch, its source's.
  const cores = ids.flatMap((id) => getKnownCoValue(list.core.node, id) ?? []);
  const count = cores.reduce((sum, core) => sum + invalidCount(core), 0);
  if (count === 0) return;
  const isSame = placedWith.get(list) === count;
  const lost = cores.flatMap((core) =>
    core.toProcessTransactions.slice(isSame ? known[core.id] : 0).flatMap((one) => lostItems(list, one)),
  );
  const invalid = lost.length > 0 ? invalidIn(cores) : undefined;
  const isPlaced = lost.map((one) => invalid !== undefined && place(list, one, invalid));
  if (isPlaced.includes(false)) placedWith.delete(list);
  else placedWith.set(list, count);
}

/** Those of a transaction that have no place, because the list lacks their anchor. */
function lostItems(list: RawCoList<JsonValue>, { txID, changes = [] }: Transaction): readonly Placed[] {
  return changes.flatMap((_, changeIdx) => {
    const opID = { ...txID, changeIdx };
    const item = itemAt(list, opID);
    return item && !hasPlace(list, item) ? [{ opID, item }] : [];
  });
}

function invalidCount(core: CoValueCore): number {
  const { verifiedTransactions, toProcessTransactions, toDecryptTransactions } = core;
  return verifiedTransactions.length - toProcessTransactions.length - toDecryptTransactions.length;
}

interface Invalid {
  readonly core: CoValueCore;
  readonly transaction: Transaction;
}

function invalidIn(cores: readonly CoValueCore[]): ReadonlyMap<string, Invalid> {
  const all = cores.flatMap((core) =>
    core.verifiedTransactions.map((transaction) => ({ core, transaction })),
  );
  const invalid = all.filter(({ transaction }) => !transaction.isValid);
  return new Map(invalid.map((one) => [transactionKey(one.transaction.txID), one]));
}

interface Placed {
  readonly opID: OpID;
  readonly item: Item;
}

/** False if an anchor is not here or cannot be read yet. */
function place(list: RawCoList, last: Placed, invalid: ReadonlyMap<string, Invalid>): boolean {
  const chain = new Map<string, Placed>();
  for (let next = last; ;) {
    const { opID, item } = next;
    const key = `${transactionKey(opID)} ${opID.changeIdx}`;
    if (chain.has(key)) return false;
    chain.set(key, next);
    if (hasPlace(list, item)) break;
    const anchor = anchorOf(item) as OpID;
    const found = hiddenItem(anchor, invalid.get(transactionKey(anchor)));
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

function hiddenItem({ changeIdx }: OpID, invalid: Invalid | undefined): Item | undefined {
  if (!invalid) return undefined;
  const { core, transaction } = invalid;
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
  const order = (one: OpID, other: OpID) =>
    compareWithTies(dated(list, one), dated(list, other)) || one.changeIdx - other.changeIdx;
  const index = neighbours.findIndex((other) => order(opID, other) < 0);
  neighbours.splice(index < 0 ? neighbours.length : index, 0, opID);
}

function dated(list: RawCoList, opID: OpID) {
  return { madeAt: itemAt(list, opID)?.madeAt ?? 0, txID: opID };
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
