import { parseJson } from '../../base/json.ts';
import type { Transaction } from '../../engine/content.ts';
import { readGroupChange, readSeen, type GroupTransaction } from '../../engine/covalue-access.ts';

/** Reads a transaction of a group, dated as it was signed. */
export function readAct(
  place: Pick<GroupTransaction, 'author' | 'sessionID' | 'index'>,
  transaction: Transaction,
): GroupTransaction {
  const { madeAt: atMs } = transaction;
  if (transaction.privacy === 'private') return { ...place, atMs, change: { kind: 'private' } };
  const change = readGroupChange(parseJson(transaction.changes));
  return { ...place, atMs, change, ...readSeen(transaction.meta, change) };
}
