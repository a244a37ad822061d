import { CoValueCore, RawCoStream, RawGroup, type SessionID } from 'cojson';
import { parentChangesOf } from '../private-fields.ts';
import { orderStreamItems } from '../private-methods.ts';

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
  RawCoStream.prototype.processNewTransactions = processStreamWithTies;
  orderStreamItems(compareStreamItems);
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

/**
 * At equal times, cojson prefers the session whose items arrived first; this sorts the sessions. It also sorts all items of a
 * session after each edit; this lets it sort only the new ones, which mostly belong at the end.
 */
function processStreamWithTies(this: RawCoStream): void {
  const before = this.items;
  this.items = {};
  try {
    processStream.call(this);
  } finally {
    const added = this.items;
    this.items = before;
    addItems(this, added);
  }
}

function addItems(stream: RawCoStream, added: RawCoStream['items']): void {
  for (const id of Object.keys(added) as SessionID[]) {
    const [before, items = []] = [stream.items[id], added[id]];
    const [last, first] = [before?.at(-1), items[0]];
    if (!before || !last || !first) stream.items[id] = items;
    else {
      for (const item of items) before.push(item);
      if (compareStreamItems(last, first) > 0) before.sort(compareStreamItems);
    }
  }
  const sessions = stream.sessions();
  const sorted = sessions.toSorted();
  if (sessions.every((id, index) => id === sorted[index])) return;
  stream.items = Object.fromEntries(sorted.map((id) => [id, stream.items[id] ?? []]));
}

type StreamItem = RawCoStream['items'][SessionID][number];

function compareStreamItems(one: StreamItem, other: StreamItem): number {
  if (one.madeAt !== other.madeAt) return one.madeAt - other.madeAt;
  return compareWithTies({ ...one, txID: one.tx }, { ...other, txID: other.tx });
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
