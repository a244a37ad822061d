import type { CoValueCore, LocalNode, SessionID } from 'cojson';
import { isCount, parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { openContentOf } from '../../engine/private-fields.ts';
import type { Authors } from './authors.ts';
import { createCheckedTransactions, type CheckedTransactions } from './checked-transactions.ts';
import { guardOf, type Guard } from './guard.ts';
import { limitOf } from './page.ts';
import { totalOf } from './session-rows.ts';
import { shownChanges } from './shown-changes.ts';
import { stepsOf, type Places } from './steps.ts';
import type {
  TransactionChanges,
  TransactionCursor,
  TransactionPage,
  TransactionRow,
  TransactionsWanted,
} from './transaction-types.ts';

type Transaction = NonNullable<
  ReturnType<NonNullable<CoValueCore['verified']>['getSession']>
>['transactions'][number];

/** A session's newest transaction that is not on the page yet. */
interface Head {
  readonly sessionID: string;
  readonly index: number;
  readonly transaction: Transaction;
}

/** Reads transactions page by page. A read costs one lookup per session, plus the page's rows. */
export interface Transactions {
  read(coValue: CoValueCore, places: Places, wanted: TransactionsWanted): TransactionPage;
}

export function createTransactions(node: LocalNode, authors: Authors): Transactions {
  const checkedByCoValue = new WeakMap<CoValueCore, CheckedTransactions>();

  function checkedOf(coValue: CoValueCore): CheckedTransactions {
    const known = checkedByCoValue.get(coValue) ?? createCheckedTransactions(coValue);
    checkedByCoValue.set(coValue, known);
    return known;
  }

  return {
    read(coValue, places, wanted) {
      const counts = coValue.knownState().sessions;
      const page = pageOf(coValue, startOf(counts, wanted.before), limitOf(wanted));
      const guard = guardOf(coValue, node);
      const checked = checkedOf(coValue);
      const rows = page.heads.map(({ sessionID, index, transaction }): TransactionRow => {
        const known = checked.at(sessionID, index);
        const refusal = typeof known === 'object' && !known.isValid ? known.refusal : undefined;
        return {
          sessionID,
          index,
          author: authors.of(sessionID, coValue),
          madeAtMs: transaction.madeAt,
          ...(authors.isThisTab(sessionID) && { isThisTab: true }),
          privacy: transaction.privacy,
          bytes: bytesOf(transaction),
          changes: changesOf(coValue, guard, transaction, known),
          ...(refusal !== undefined && { refused: refusal }),
          ...(deletes(transaction) && { deletes: true }),
          steps: stepsOf(places, sessionID, index + 1),
        };
      });
      checked.keepPositions(page.older);
      const isEnd = Object.keys(page.older).length === 0;
      return { total: totalOf(counts).transactions, rows, ...(!isEnd && { older: page.older }) };
    },
  };
}

/** Length in characters of a transaction's stored changes and metadata. */
export function bytesOf(transaction: Transaction): number {
  const { meta = '' } = transaction;
  const changes = transaction.privacy === 'private' ? transaction.encryptedChanges : transaction.changes;
  return changes.length + meta.length;
}

/** Sessions newer than the cursor belong to newer pages. Counts are clamped, so that a forged cursor is harmless. */
function startOf(counts: TransactionCursor, before: TransactionCursor | undefined): TransactionCursor {
  if (!before) return counts;
  const starts = Object.entries(before).map(([sessionID, count]) => [
    sessionID,
    Math.min(isCount(count) ? count : 0, counts[sessionID] ?? 0),
  ]);
  return Object.fromEntries(starts) as TransactionCursor;
}

function pageOf(
  coValue: CoValueCore,
  start: TransactionCursor,
  limit: number,
): { readonly heads: readonly Head[]; readonly older: TransactionCursor } {
  const older: Record<string, number> = {};
  const all: Head[] = [];
  for (const [sessionID, count] of Object.entries(start)) {
    if (count <= 0) continue;
    older[sessionID] = count;
    const head = headOf(coValue, sessionID, count - 1);
    if (head) all.push(head);
  }
  // These heads would fill a page, and all transactions of the other sessions are older.
  const newest = all.sort(byAge).slice(0, limit);
  const heads: Head[] = [];
  while (heads.length < limit) {
    const [head] = newest;
    if (!head) break;
    heads.push(head);
    newest.shift();
    if (head.index === 0) delete older[head.sessionID];
    else older[head.sessionID] = head.index;
    const next = head.index > 0 ? headOf(coValue, head.sessionID, head.index - 1) : undefined;
    if (next) insert(newest, next);
  }
  return { heads, older };
}

function insert(heads: Head[], head: Head): void {
  const index = heads.findIndex((other) => byAge(head, other) < 0);
  heads.splice(index < 0 ? heads.length : index, 0, head);
}

function byAge(a: Head, b: Head): number {
  return b.transaction.madeAt - a.transaction.madeAt || (a.sessionID < b.sessionID ? -1 : 1);
}

function headOf(coValue: CoValueCore, sessionID: string, index: number): Head | undefined {
  const transaction = coValue.verified?.getSession(sessionID as SessionID)?.transactions[index];
  return transaction && { sessionID, index, transaction };
}

function changesOf(
  coValue: CoValueCore,
  guard: Guard,
  transaction: Transaction,
  checked: ReturnType<CheckedTransactions['at']>,
): TransactionChanges {
  if (guard === 'kernel') return { state: 'hidden' };
  const type = coValue.verified?.header.type ?? 'comap';
  const isPrivate = transaction.privacy === 'private';
  // cojson itself never reads private changes of a group.
  if (guard === 'group' && isPrivate) return { state: 'hidden' };
  const inMemory = typeof checked === 'object' ? checked.changes : undefined;
  const plaintext = transaction.privacy === 'trusting' ? parseJson(transaction.changes) : undefined;
  const changes = inMemory ?? plaintext;
  if (Array.isArray(changes)) return shownChanges(guard, type, changes);
  if (!isPrivate) return { state: 'hidden' };
  if (checked === 'unknown') return { state: 'encrypted', why: 'unknown' };
  if (!openContentOf(coValue)) return { state: 'encrypted', why: 'not-open' };
  if (!checked) return { state: 'encrypted', why: 'not-checked' };
  return { state: 'encrypted', why: checked.isValid ? 'no-key' : 'not-permitted' };
}

function deletes(transaction: Transaction): boolean {
  if (transaction.privacy !== 'trusting' || transaction.meta === undefined) return false;
  const meta = parseJson(transaction.meta);
  return isRecord(meta) && typeof meta.deleted === 'string';
}
