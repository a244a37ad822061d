import type { CoValueCore, JsonValue, RawCoID, RawCoList } from 'cojson';
import { isEqual } from '../../base/equal.ts';
import { isRecord } from '../../base/record.ts';
import { transactionBytes } from '../content.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { transactionKey, type TxID } from '../fixes/item-places.ts';
import { rememberPlace } from '../fixes/tie-order.ts';
import { readAs, type CountingTransaction } from '../private-methods.ts';

// READ-6: if a relay has something else at the place of an edit, the author's device writes the edit again in another session.
// Another relay can have it at its first place, too. Each device has the one, the other or both, so neither can be left out for good.

type Transaction = CoValueCore['verifiedTransactions'][number];

/** The edits of one CoValue that were written again. */
interface Pairs {
  /** All transactions by place, up to a number of them. */
  readonly byPlace: Map<string, Transaction>;
  count: number;
  /** By the place that they name, edits that were written again. */
  readonly copies: Map<string, Set<Transaction>>;
  /** By first place, the names of items of a list or text that were written again. */
  readonly names: Map<string, TxID>;
  /** In other CoValues, what each edit repeats. */
  readonly repeated: WeakMap<Transaction, Transaction>;
}

const pairsOf = new WeakMap<CoValueCore, Pairs>();
/** How many names each list knew when it was last read. */
const namesRead = new WeakMap<RawCoList, number>();

/**
 * Returns what a content reads of these: once what was written again, whichever of the two is read first. In a list or text both
 * get the name of the second, because other devices may have only that one.
 */
export function showOnce(core: CoValueCore, found: CountingTransaction[]): CountingTransaction[] {
  if (core.isGroupOrAccount()) return found;
  const edits = found as Transaction[];
  for (const edit of edits) if (edit.coValueId === core.id) findPair(core, edit);
  if (isOrdered(core)) {
    rename(core, edits);
    return found;
  }
  const repeated = pairsOf.get(core)?.repeated;
  return repeated ? found.filter((_, at) => !isRepeated(repeated, edits[at])) : found;
}

/** Whether what a list has read before has other names now. */
export function hasNewNames(list: RawCoList<JsonValue>): boolean {
  const before = namesRead.get(list);
  const count = countNames(list);
  namesRead.set(list, count);
  return before !== undefined && before !== count;
}

function findPair(core: CoValueCore, edit: Transaction): void {
  const place = placeOfFirst(core, edit);
  if (place === undefined) {
    const pairs = pairsOf.get(core);
    const copies = pairs?.copies.get(transactionKey(edit.currentTxID)) ?? [];
    for (const copy of copies) if (pairs && isSame(core, edit, copy)) join(core, pairs, edit, copy);
    return;
  }
  const pairs = pairsIn(core);
  const copies = pairs.copies.get(place) ?? new Set();
  if (copies.has(edit)) return;
  pairs.copies.set(place, copies.add(edit));
  const first = firstAt(core, pairs, place);
  if (first && isSame(core, first, edit)) join(core, pairs, edit, first);
}

/** The place that a copy names. It has a name of this form only if both are by the same author (READ-3). */
function placeOfFirst(core: CoValueCore, { sourceTxID }: Transaction): string | undefined {
  if (!sourceTxID) return undefined;
  if (!isOrdered(core)) return transactionKey(sourceTxID);
  const { sessionID, txIndex, branch } = sourceTxID;
  return branch?.startsWith('shortHash_') ? transactionKey({ sessionID, txIndex }) : undefined;
}

function pairsIn(core: CoValueCore): Pairs {
  const pairs = pairsOf.get(core) ?? {
    byPlace: new Map(),
    count: 0,
    copies: new Map(),
    names: new Map(),
    repeated: new WeakMap(),
  };
  pairsOf.set(core, pairs);
  return pairs;
}

function firstAt(
  { verifiedTransactions }: CoValueCore,
  pairs: Pairs,
  place: string,
): Transaction | undefined {
  for (; pairs.count < verifiedTransactions.length; pairs.count++) {
    const edit = verifiedTransactions[pairs.count];
    if (edit) pairs.byPlace.set(transactionKey(edit.currentTxID), edit);
  }
  return pairs.byPlace.get(place);
}

const hashes = new WeakMap<Transaction, string>();

/** Another edit can have the first place. The cost is bounded by the copy's size: a member can write any number of copies. */
function isSame(core: CoValueCore, first: Transaction, copy: Transaction): boolean {
  if (isOrdered(core)) {
    const hash = hashes.get(first) ?? core.node.crypto.shortHash(first.tx);
    hashes.set(first, hash);
    return copy.txID.branch === hash;
  }
  const isLike = first.madeAt === copy.madeAt && transactionBytes(first.tx) === transactionBytes(copy.tx);
  return isLike && isEqual(first.changes, copy.changes);
}

/** Of the two, `edit` is read later. It is read again when the content is built again. */
function join(core: CoValueCore, { names, repeated }: Pairs, edit: Transaction, other: Transaction): void {
  if (!isOrdered(core)) {
    const shown = repeated.get(other) ?? other;
    if (shown !== edit) repeated.set(edit, shown);
    return;
  }
  const [first, copy] = edit.sourceTxID ? [other, edit] : [edit, other];
  if (first.sourceTxID) return;
  readAs(first, { sourceTxID: { ...copy.txID } });
  rememberPlace(first);
  names.set(transactionKey(first.currentTxID), copy.txID);
}

/** False if the edit that it repeats no longer counts. */
function isRepeated(repeated: Pairs['repeated'], edit: Transaction | undefined): boolean {
  return edit !== undefined && repeated.get(edit)?.isValidTransactionWithChanges() === true;
}

/** Members who have an edit only at its first place refer to it by that place. */
function rename(core: CoValueCore, edits: readonly Transaction[]): void {
  const all = namesIn(core);
  if (all.length === 0) return;
  for (const edit of edits) {
    const changes = edit.changes?.map((change) => renamed(change, all));
    if (changes?.some((change, at) => change !== edit.changes?.[at])) readAs(edit, { changes });
  }
}

/** Of the CoValue and, if it is a branch, of its sources. */
function namesIn(core: CoValueCore): readonly Pairs['names'][] {
  const own = pairsOf.get(core)?.names;
  const sourceID = core.getCurrentBranchSourceId();
  const source = sourceID === undefined ? undefined : getKnownCoValue(core.node, sourceID);
  return [...(own && own.size > 0 ? [own] : []), ...(source ? namesIn(source) : [])];
}

const references = ['after', 'before', 'insertion'] as const;

function renamed(change: JsonValue, all: readonly Pairs['names'][]): JsonValue {
  if (!isRecord(change)) return change;
  for (const key of references) {
    const of = change[key];
    if (!isRecord(of)) continue;
    const place = transactionKey(of as unknown as TxID);
    const name = all.flatMap((names) => names.get(place) ?? [])[0];
    if (name) return { ...change, [key]: { ...of, ...name } };
  }
  return change;
}

function isOrdered({ verified }: CoValueCore): boolean {
  const type = verified?.header.type;
  return type === 'colist' || type === 'coplaintext';
}

/** Of the list's own edits and, if it is a branch, of its source's. */
function countNames(list: RawCoList<JsonValue>): number {
  const ids = Object.keys(list.knownTransactions) as RawCoID[];
  const cores = ids.flatMap((id) => getKnownCoValue(list.core.node, id) ?? []);
  return cores.reduce((sum, core) => sum + (pairsOf.get(core)?.names.size ?? 0), 0);
}
