import type { CoValueCore } from 'cojson';
import { emptyList } from '../reading/lists.ts';
import { compareText } from '../fixes/tie-order.ts';
import type { GroupChange, GroupTransaction } from './group-transaction.ts';
import { malformed, readGroupChange } from './read-change.ts';
import { readEarlier } from './read-meta.ts';
import { readSeen } from './seen-claims.ts';

type VerifiedTransaction = CoValueCore['verifiedTransactions'][number];

interface TransactionInMemory extends GroupTransaction {
  readonly verified: VerifiedTransaction;
}

const lists = new WeakMap<CoValueCore, TransactionInMemory[]>();

/**
 * Returns the transactions of a group or account by date, and brings cojson's own list into the same order. Reads each
 * transaction once. It is the same list as before, unless a new transaction belongs before another.
 */
export function transactionsOf(core: CoValueCore): readonly GroupTransaction[] {
  loadTransactions(core);
  const { verifiedTransactions } = core;
  const list = lists.get(core) ?? emptyList<TransactionInMemory>();
  let last = list.at(-1);
  let isSorted = true;
  // cojson adds new ones at the end.
  for (let at = list.length; at < verifiedTransactions.length; at++) {
    const verified = verifiedTransactions[at];
    if (!verified) continue;
    const transaction = readTransaction(verified);
    if (last && byDate(last, transaction) > 0) isSorted = false;
    last = transaction;
    list.push(transaction);
  }
  const sorted = isSorted ? list : list.toSorted(byDate);
  lists.set(core, sorted);
  if (!isSorted)
    sorted.forEach(({ verified }, place) => {
      verifiedTransactions[place] = verified;
    });
  return sorted;
}

const loadedAs = new WeakMap<CoValueCore, unknown>();

/** Brings cojson's list up to date. cojson itself looks through all sessions each time, and each edit asks for the roles of a group. */
export function loadTransactions(core: CoValueCore): void {
  // A new object once something is added.
  const known = core.verified?.knownState();
  if (!known || loadedAs.get(core) === known) return;
  core.loadVerifiedTransactionsFromLogs();
  loadedAs.set(core, known);
}

function readTransaction(verified: VerifiedTransaction): TransactionInMemory {
  const { author, currentTxID, currentMadeAt, tx, changes, meta } = verified;
  const { sessionID, txIndex: index } = currentTxID;
  const isPrivate = tx.privacy === 'private';
  const earlierMs = isPrivate ? 0 : readEarlier(author, meta);
  const change: GroupChange = isPrivate
    ? { kind: 'private' }
    : earlierMs === undefined
      ? malformed('Group transaction must have a valid meta')
      : readGroupChange(changes);
  const { heads, ahead } = readSeen(tx.meta, change);
  return { author, sessionID, index, atMs: currentMadeAt - (earlierMs ?? 0), change, heads, ahead, verified };
}

export function byDate(a: GroupTransaction, b: GroupTransaction): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  return compareText(a.sessionID, b.sessionID) || a.index - b.index;
}
