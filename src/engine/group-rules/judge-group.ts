import type { GroupContext, GroupRoles, GroupTransaction, Refusal } from './group-transaction.ts';
import { judgeKeys } from './keys.ts';
import { judgeWithHeads } from './revocation-heads.ts';

export interface JudgedGroup {
  /** For each transaction, why it does not count; undefined if it does. */
  readonly refusals: readonly Refusal[];
  readonly roles: GroupRoles;
}

/** Decides which transactions of a group or account count. They are sorted by date. */
export function judgeGroup(transactions: readonly GroupTransaction[], context: GroupContext): JudgedGroup {
  const judged = judgeWithHeads(transactions, context);
  return { refusals: judgeKeys(transactions, judged), roles: judged.roles };
}
