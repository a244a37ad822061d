import { CoValueCore, RawCoList, RawCoStream, RawGroup, type RawCoID } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { parentChangesOf } from '../private-fields.ts';
import { orderStreamItems } from '../private-methods.ts';

const { processNewTransactions: processList } = RawCoList.prototype;
const { processNewTransactions: processStream } = RawCoStream.prototype;
let isPatched = false;

type Transaction = CoValueCore['toProcessTransactions'][number];

/**
 * Orders transactions of equal time by session ID. cojson 0.20 has no order for them: the one received first wins, so
 * two devices may show different values permanently. Process-wide and idempotent.
 */
export function patchTieOrder(): void {
  if (isPatched) return;
  isPatched = true;
  CoValueCore.prototype.compareTransactions = compareWithTies;
  RawCoList.prototype.processNewTransactions = processListWithTies;
  RawCoStream.prototype.processNewTransactions = processStreamWithTies;
  orderStreamItems(
    (one, other) =>
      one.madeAt - other.madeAt || compareWithTies({ ...one, txID: one.tx }, { ...other, txID: other.tx }),
  );
  const { processNewTransactions: processGroup } = RawGroup.prototype;
  RawGroup.prototype.processNewTransactions = function () {
    processGroup.call(this);
    orderParentChanges(this as RawGroup);
  };
}

/** Without ties, cojson's own order. Each edit of a map compares all edits of the same key. */
export const compareWithTies: CoValueCore['compareTransactions'] = (a, b) => {
  if (a.madeAt !== b.madeAt) return a.madeAt - b.madeAt;
  const [one, other] = [a.txID, b.txID];
  return (
    compareText(one.sessionID, other.sessionID) ||
    one.txIndex - other.txIndex ||
    compareText(one.branch, other.branch) ||
    compareSigned(one, other)
  );
};

type TxID = Transaction['txID'];

/** Where transactions were signed that are shown at another place, by the object that names that one. */
const signedAt = new WeakMap<TxID, TxID>();

export function rememberPlace({ txID, currentTxID }: Transaction): void {
  signedAt.set(txID, currentTxID);
}

/** Anyone can sign several edits that name the same place and date. */
function compareSigned(a: TxID, b: TxID): number {
  const [one, other] = [signedAt.get(a) ?? a, signedAt.get(b) ?? b];
  return compareText(one.sessionID, other.sessionID) || one.txIndex - other.txIndex;
}

export function compareText(a = '', b = ''): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The last applied transaction of each list, in the order above. */
const lastApplied = new WeakMap<RawCoList, Transaction>();

/**
 * cojson rebuilds a list only if a valid transaction is older than its last. This rebuilds it whenever one belongs before
 * another that is already applied; several edits of one session in a millisecond do not.
 */
function processListWithTies(this: RawCoList): void {
  const { version } = this;
  const known = { ...this.knownTransactions };
  processList.call(this);
  // A rebuild has come through here itself.
  if (this.version !== version) return;
  const isNew = Object.values(known).every((count) => count === 0);
  let last = isNew ? undefined : lastApplied.get(this);
  for (const transaction of appliedSince(this, known)) {
    if (last && compareWithTies(transaction, last) < 0) return this.rebuildFromCore();
    last = transaction;
  }
  if (last) lastApplied.set(this, last);
}

/** Of the list and, if it is a branch, of its source. Sorted as they were applied. */
function appliedSince(list: RawCoList, known: RawCoList['knownTransactions']): readonly Transaction[] {
  const { node } = list.core;
  const ids = Object.keys(list.knownTransactions) as RawCoID[];
  const applied = ids.flatMap(
    (id) =>
      getKnownCoValue(node, id)?.toProcessTransactions.slice(known[id] ?? 0, list.knownTransactions[id]) ??
      [],
  );
  return applied.sort(compareWithTies);
}

/** At equal times, cojson prefers the session whose items arrived first; this sorts the sessions. */
function processStreamWithTies(this: RawCoStream): void {
  processStream.call(this);
  const sessions = this.sessions();
  const sorted = sessions.toSorted();
  if (sessions.every((id, index) => id === sorted[index])) return;
  this.items = Object.fromEntries(sorted.map((id) => [id, this.items[id] ?? []]));
}

/** cojson sorts the changes of a parent group by time and, at equal times, by arrival; this applies the order above. */
function orderParentChanges(group: RawGroup): void {
  for (const [id, entry] of parentChangesOf(group)) {
    const changes = group.ops[`parent_${id}`] ?? [];
    entry.changes = changes.flatMap(({ madeAt, change }) =>
      change.op === 'set' ? { madeAt, value: change.value } : [],
    );
  }
}
