import type { CoValueCore, JsonValue, RawCoID, RawCoList } from 'cojson';
import { isShallow } from '../../base/json.ts';
import { addToList, addToSet, isInSet } from './lists.ts';
import { isRecord } from '../../base/record.ts';
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
  /** Of a list or text, by first place: the branches by which copies name it, and by which other edits refer to these. */
  readonly copied: Map<string, Set<string>>;
  readonly referred: Map<string, Set<string>>;
  /** By first place, the names of items of a list or text that were written again. */
  readonly names: Map<string, TxID>;
  /** The first places of those of which no copy counts, by the names of the copies. */
  readonly firsts: Map<string, Omit<TxID, 'branch'>>;
  /** In other CoValues, the first places that copies name. */
  readonly places: Set<string>;
  /** The edits that are the same, in the order in which they were read. By first place and hash, and by edit. */
  readonly same: Map<string, Transaction[]>;
  readonly sameAs: WeakMap<Transaction, readonly Transaction[]>;
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
  if (isOrdered(core)) {
    const cores = withSources(core);
    for (const edit of edits) findNames(cores, edit);
    rename(cores, edits);
    return found;
  }
  for (const edit of edits) if (edit.coValueId === core.id) findSame(core, edit);
  const sameAs = pairsOf.get(core)?.sameAs;
  return sameAs ? found.filter((_, at) => !isRepeated(sameAs, edits[at])) : found;
}

/** Whether what a list has read before has other names now. */
export function hasNewNames(list: RawCoList<JsonValue>): boolean {
  const before = namesRead.get(list);
  const count = countNames(list);
  namesRead.set(list, count);
  return before !== undefined && before !== count;
}

function findSame(core: CoValueCore, edit: Transaction): void {
  const { sourceTxID, currentTxID } = edit;
  if (!sourceTxID) {
    const { places } = pairsOf.get(core) ?? {};
    const place = places && transactionKey(currentTxID);
    if (place && places.has(place)) addSame(core, place, edit);
    return;
  }
  // What was merged from a branch.
  if (sourceTxID.branch) return;
  const pairs = pairsIn(core);
  const place = transactionKey(sourceTxID);
  pairs.places.add(place);
  const first = firstAt(core, pairs, place);
  if (first) addSame(core, place, first);
  addSame(core, place, edit);
}

/** A deeper value cannot be hashed, and no app writes one. */
const deepest = 500;

/** Another edit can have the first place. The cost is bounded by the size of the edit: a member can write any number of copies. */
function addSame(core: CoValueCore, place: string, edit: Transaction): void {
  const { same, sameAs } = pairsIn(core);
  if (sameAs.has(edit) || !edit.changes || !isShallow(edit.changes, deepest)) return;
  const hash = core.node.crypto.shortHash([edit.madeAt, edit.changes]);
  sameAs.set(edit, addToList(same, `${place} ${hash}`, edit));
}

/** False if no edit before it counts any more. */
function isRepeated(sameAs: Pairs['sameAs'], edit: Transaction | undefined): boolean {
  const shown = edit && sameAs.get(edit)?.find((one) => one.isValidTransactionWithChanges());
  return shown !== undefined && shown !== edit;
}

function pairsIn(core: CoValueCore): Pairs {
  const pairs = pairsOf.get(core) ?? {
    byPlace: new Map(),
    count: 0,
    copied: new Map(),
    referred: new Map(),
    names: new Map(),
    firsts: new Map(),
    places: new Set(),
    same: new Map(),
    sameAs: new WeakMap(),
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

/** The names of copies in an edit of a list or text. Its own has this form only if both are by the same author (READ-3). */
function findNames(cores: readonly CoValueCore[], edit: Transaction): void {
  const { sourceTxID, currentTxID, changes = [], coValueId } = edit;
  if (sourceTxID) addName(cores, 'copied', sourceTxID);
  for (const change of changes)
    for (const key of references) {
      const of = isRecord(change) ? change[key] : undefined;
      if (isRecord(of)) addName(cores, 'referred', of as unknown as TxID);
    }
  const core = cores.find(({ id }) => id === coValueId);
  if (core && pairsOf.has(core)) nameFirst(core, edit, transactionKey(currentTxID));
}

function addName(
  cores: readonly CoValueCore[],
  by: 'copied' | 'referred',
  { sessionID, txIndex, branch }: TxID,
): void {
  if (!branch?.startsWith('shortHash_')) return;
  const place = transactionKey({ sessionID, txIndex });
  for (const core of cores) {
    const pairs = pairsIn(core);
    addToSet(pairs[by], place, branch);
    const first = firstAt(core, pairs, place);
    if (first) nameFirst(core, first, place);
  }
}

const hashes = new WeakMap<Transaction, string>();

/**
 * Names an edit like its copies: other devices may have only these. If no copy of it counts, what refers to one refers to the
 * edit: its author has had one that did.
 */
function nameFirst(core: CoValueCore, first: Transaction, place: string): void {
  const pairs = pairsOf.get(core);
  const isNamed = pairs?.copied.has(place) === true || pairs?.referred.has(place) === true;
  if (!pairs || !isNamed || first.sourceTxID) return;
  const { copied, referred, names, firsts } = pairs;
  const branch = hashes.get(first) ?? core.node.crypto.shortHash(first.tx);
  hashes.set(first, branch);
  const { sessionID, txIndex } = first.currentTxID;
  const name: TxID = { sessionID, txIndex, branch: branch as RawCoID };
  if (isInSet(copied, place, branch)) {
    readAs(first, { sourceTxID: name });
    rememberPlace(first);
    names.set(place, first.txID);
  } else if (isInSet(referred, place, branch)) firsts.set(transactionKey(name), { sessionID, txIndex });
}

/** Members who have an edit only at its first place refer to it by that place. */
function rename(cores: readonly CoValueCore[], edits: readonly Transaction[]): void {
  const all = cores.flatMap((core) => pairsOf.get(core) ?? []).filter((pairs) => sizeOf(pairs) > 0);
  if (all.length === 0) return;
  for (const edit of edits) {
    const changes = edit.changes?.map((change) => renamed(change, all));
    if (changes?.some((change, at) => change !== edit.changes?.[at])) readAs(edit, { changes });
  }
}

/** The CoValue and, if it is a branch, its sources. */
function withSources(core: CoValueCore): readonly CoValueCore[] {
  const found = [core];
  for (const one of found) {
    const sourceID = one.getCurrentBranchSourceId();
    const source = sourceID === undefined ? undefined : getKnownCoValue(one.node, sourceID);
    if (source) found.push(source);
  }
  return found;
}

const references = ['after', 'before', 'insertion'] as const;

function renamed(change: JsonValue, all: readonly Pairs[]): JsonValue {
  if (!isRecord(change)) return change;
  for (const key of references) {
    const of = change[key];
    if (!isRecord(of)) continue;
    const name = transactionKey(of as unknown as TxID);
    const other = all.flatMap((pairs) => otherName(pairs, name) ?? [])[0];
    if (other) return { ...change, [key]: { ...of, branch: undefined, ...other } };
  }
  return change;
}

function otherName({ names, firsts }: Pairs, name: string): Omit<TxID, 'branch'> | undefined {
  const first = firsts.get(name);
  return names.get(name) ?? (first && !names.has(transactionKey(first)) ? first : undefined);
}

function isOrdered({ verified }: CoValueCore): boolean {
  const type = verified?.header.type;
  return type === 'colist' || type === 'coplaintext';
}

/** Of the list's own edits and, if it is a branch, of its source's. */
function countNames(list: RawCoList<JsonValue>): number {
  const ids = Object.keys(list.knownTransactions) as RawCoID[];
  const cores = ids.flatMap((id) => getKnownCoValue(list.core.node, id) ?? []);
  return cores.reduce((sum, core) => sum + sizeOf(pairsOf.get(core)), 0);
}

function sizeOf(pairs: Pairs | undefined): number {
  return pairs ? pairs.names.size + pairs.firsts.size : 0;
}
