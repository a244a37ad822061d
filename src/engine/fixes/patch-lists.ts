import {
  CoValueCore,
  RawCoList,
  RawCoPlainText,
  type AvailableCoValueCore,
  type JsonValue,
  type OpID,
  type RawCoID,
} from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { hasNewNames } from '../reading/written-again.ts';
import { placeItems } from './invalid-anchors.ts';
import { itemAt } from './item-places.ts';
import { createListOrder, type ListOrder } from './list-order.ts';
import { compareWithTies } from './tie-order.ts';

type List = RawCoList<JsonValue>;
type Entry = ReturnType<List['entries']>[number];
type Transaction = CoValueCore['toProcessTransactions'][number];

let isPatched = false;
/** The last applied transaction of each list. */
const lastApplied = new WeakMap<List, Transaction>();
/** Of lists that are read, or edited here, from edit to edit. None while items may have other places. */
const orders = new WeakMap<List, ListOrder>();
/** Read since they were last rebuilt. */
const walked = new WeakSet<List>();
/** The list in which this device looks for the place of an edit that it makes, and what `deleteRange` gets as a text's mapping. */
let edited: { readonly list: List; mapping?: AskedMapping } | undefined;
type AskedMapping = Pick<RawCoPlainText['mapping'], 'opIDafterIdx' | 'opIDbeforeIdx'>;

/**
 * Makes lists and texts show the same on all devices, and keeps their order from edit to edit. Process-wide and idempotent.
 *
 * - cojson 0.20 rebuilds a list only if a valid transaction is older than its last. Patched, it does whenever one belongs before
 *   another that is already applied; several edits of one session in a millisecond do not.
 * - `placeItems` places items that cojson shows on no device, or not yet.
 * - cojson walks through a whole list after each edit, to find the index of the next. Patched, an edit goes to its place, however long
 *   the list is.
 */
export function patchLists(): void {
  if (isPatched) return;
  isPatched = true;
  const { prototype } = RawCoList;
  const { processNewTransactions, entries, entriesUncached } = prototype;
  const { makeTransaction } = CoValueCore.prototype;
  prototype.processNewTransactions = function () {
    const known = { ...this.knownTransactions };
    const { version } = this;
    processNewTransactions.call(this);
    // A rebuild has come through here itself.
    if (this.version === version) followTransactions(this as List, known);
  };
  prototype.entriesUncached = function (this: List) {
    // Many lists are read once, and a walk costs less than the order.
    const isFirst = !orders.has(this) && !walked.has(this);
    walked.add(this);
    return isFirst ? entriesUncached.call(this) : orderOf(this).toArray();
  };
  prototype.length = function (this: List) {
    return this._cachedEntries?.length ?? orders.get(this)?.length() ?? this.entries().length;
  };
  prototype.entries = function (this: List) {
    return edited?.list === this ? viewOf(this, (entry) => entry) : entries.call(this);
  };
  // From here on, listeners read the list.
  CoValueCore.prototype.makeTransaction = function (...options) {
    edited = undefined;
    return makeTransaction.apply(this, options);
  };
  for (const name of ['appendItems', 'prepend', 'delete', 'replace']) answerEdit(prototype, name);
  for (const name of ['insertAfter', 'deleteRange']) answerEdit(RawCoPlainText.prototype, name);
  const mapping = Object.getOwnPropertyDescriptor(RawCoPlainText.prototype, 'mapping')?.get;
  Object.defineProperty(RawCoPlainText.prototype, 'mapping', {
    configurable: true,
    get(this: RawCoPlainText) {
      return edited?.list === (this as List)
        ? (edited.mapping ??= mappingOf(this as List))
        : (mapping?.call(this) as unknown);
    },
  });
}

function followTransactions(list: List, known: List['knownTransactions']): void {
  const isRebuilt = Object.values(known).every((count) => count === 0);
  if (isRebuilt) {
    orders.delete(list);
    walked.delete(list);
  }
  const transactions = appliedSince(list, known);
  if (isLate(list, transactions, isRebuilt) || hasNewNames(list)) return list.rebuildFromCore();
  const order = orders.get(list);
  if (placeItems(list, transactions, isRebuilt) && (!order || apply(order, list, transactions))) return;
  orders.delete(list);
  Reflect.set(list, '_cachedEntries', undefined);
}

/** Of the list and, if it is a branch, of its source until it began. Sorted as they were applied. */
function appliedSince(list: List, known: List['knownTransactions']): readonly Transaction[] {
  const { core, knownTransactions } = list;
  const applied = (Object.keys(knownTransactions) as RawCoID[]).flatMap((id) => {
    const all = getKnownCoValue(core.node, id)?.toProcessTransactions ?? [];
    const added = all.slice(known[id] ?? 0, knownTransactions[id]);
    return id === core.id ? added : added.filter((one) => isInBranch(core, one));
  });
  return applied.sort(compareWithTies);
}

/** As cojson reads it. */
function isInBranch({ branchStart }: AvailableCoValueCore, { currentTxID }: Transaction): boolean {
  return currentTxID.txIndex <= (branchStart?.[currentTxID.sessionID] ?? Infinity);
}

/** Whether one belongs before another that is already applied. */
function isLate(list: List, transactions: readonly Transaction[], isRebuilt: boolean): boolean {
  let last = isRebuilt ? undefined : lastApplied.get(list);
  for (const transaction of transactions) {
    if (last && compareWithTies(transaction, last) < 0) return true;
    last = transaction;
  }
  if (last) lastApplied.set(list, last);
  return false;
}

/** Returns false if an item has no place. */
function apply(order: ListOrder, list: List, transactions: readonly Transaction[]): boolean {
  for (const { txID, changes = [] } of transactions) {
    for (const [changeIdx, untyped] of changes.entries()) {
      const change = untyped as { readonly op: string; readonly insertion: OpID };
      const opID = { ...txID, changeIdx };
      const item = itemAt(list, opID);
      if (change.op === 'del') order.delete(change.insertion);
      // Several edits can name the same place. Only the first has made the item.
      else if (item?.change === untyped && !order.add(opID, item)) return false;
    }
  }
  return true;
}

function orderOf(list: List): ListOrder {
  const order = orders.get(list) ?? createListOrder(list);
  orders.set(list, order);
  return order;
}

/** Until the edit is made, cojson gets what it asks for without an array of the whole list. */
function answerEdit(prototype: object, name: string): void {
  const edit = Reflect.get(prototype, name) as (...options: unknown[]) => unknown;
  Reflect.set(prototype, name, function (this: List, ...options: unknown[]) {
    return editing({ list: this }, () => edit.apply(this, options));
  });
}

function editing(now: typeof edited, edit: () => unknown): unknown {
  const before = edited;
  edited = now;
  try {
    return edit();
  } finally {
    edited = before;
  }
}

function mappingOf(text: List): AskedMapping {
  const opIDAt = (shift: number) => viewOf(text, ({ opID }) => opID, shift);
  return { opIDafterIdx: opIDAt(0), opIDbeforeIdx: opIDAt(-1) };
}

/** Single entries are looked up; many, as by `deleteRange`, are read at once. */
const maxLookups = 20;

/** Has the length of the list's entries, and each at its index. */
function viewOf<T>(list: List, read: (entry: Entry) => T, shift = 0): T[] {
  let lookups = 0;
  const at = (index: number) => {
    const all = list._cachedEntries ?? (++lookups > maxLookups ? orderOf(list).toArray() : undefined);
    if (all) list._cachedEntries = all;
    return all ? all[index] : orderOf(list).at(index);
  };
  return new Proxy<T[]>([], {
    get(_, key) {
      if (key === 'length') return list._cachedEntries?.length ?? orderOf(list).length();
      const entry = at(Number(key) + shift);
      return entry && read(entry);
    },
  });
}
