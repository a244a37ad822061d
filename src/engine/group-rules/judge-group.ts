import type { GroupContext, GroupTransaction, Refusal } from './group-transaction.ts';
import { KeyJudge } from './keys/key-judge.ts';
import { judgeWithHeads } from './revocation-heads.ts';
import type { JudgedRoles } from './roles.ts';

export interface JudgedGroup extends Pick<JudgedRoles, 'authorRoles' | 'roles'> {
  /** For each transaction, why it does not count; undefined if it does. */
  readonly refusals: readonly Refusal[];
}

export interface GroupJudge extends JudgedGroup {
  /**
   * Judges transactions that follow all others by date. Returns the first place in the list of all whose judgment may be new;
   * undefined if the group must be judged again from the start, because they decide about roles given before. This judge is
   * of no use then.
   */
  continueWith(added: readonly GroupTransaction[]): number | undefined;
}

/** Decides which transactions of a group or account count. They are sorted by date. */
export function judgeGroup(transactions: readonly GroupTransaction[], context: GroupContext): GroupJudge {
  const roles = judgeWithHeads(transactions, context);
  const keys = new KeyJudge(roles);
  for (const transaction of transactions) keys.add(transaction);
  keys.settle();

  return {
    ...roles,
    refusals: keys.refusals,
    continueWith(added) {
      const place = keys.refusals.length;
      for (const transaction of added) {
        // Which parents count depends on all groups above.
        if (transaction.change.kind === 'parent' || !roles.add(transaction)) return undefined;
        keys.add(transaction);
      }
      return keys.settle() ? 0 : place;
    },
  };
}
