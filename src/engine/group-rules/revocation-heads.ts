import type { GroupContext, GroupTransaction } from './group-transaction.ts';
import { judgeRoles, type JudgedRoles } from './roles.ts';

/**
 * GROUP-3: an admin who removes or lowers a member signs how much of each of the member's sessions the admin had seen, as
 * `heads`. Later transactions of these sessions with an earlier date are void. So the member cannot add to the time before.
 * Only admins' heads count, and never against write keys and revelations: what was written with a key stays readable. The
 * first admin's apply first.
 */
export function judgeWithHeads(
  transactions: readonly GroupTransaction[],
  context: GroupContext,
): JudgedRoles {
  const voided = new Set<GroupTransaction>();
  const unapplied = demotionsWithHeads(transactions, context.initialAdmin);
  let judged = judgeRoles(transactions, context, voided);
  if (unapplied.length === 0) return judged;
  const changesBy = roleChangesByAuthor(transactions, unapplied);
  for (;;) {
    const counts = ({ place }: Placed) => judged.refusals[place] === undefined;
    const next = unapplied.findIndex((one) => counts(one) && judged.authorRoles[one.place] === 'admin');
    const [demotion] = next < 0 ? [] : unapplied.splice(next, 1);
    if (!demotion) return judged;
    const { member, heads } = demotion;
    const beyond = (changesBy.get(member) ?? []).filter(
      (one) => one.place < demotion.place && one.transaction.index >= seenOf(heads, one.transaction),
    );
    for (const one of beyond) voided.add(one.transaction);
    if (beyond.some(counts)) judged = judgeRoles(transactions, context, voided);
  }
}

interface Placed {
  /** In the list of all. */
  readonly place: number;
  readonly transaction: GroupTransaction;
}

interface Demotion extends Placed {
  readonly member: string;
  readonly heads: object;
}

/** In the order in which they apply. */
function demotionsWithHeads(transactions: readonly GroupTransaction[], initialAdmin: string): Demotion[] {
  const found: Demotion[] = [];
  transactions.forEach((transaction, place) => {
    const { change, heads, author } = transaction;
    const isOfAnother = change.kind === 'role' && change.member !== author && change.role !== 'admin';
    if (!isOfAnother || typeof heads !== 'object' || heads === null || Array.isArray(heads)) return;
    found.push({ place, transaction, member: change.member, heads });
  });
  const isFirst = ({ transaction }: Demotion) => transaction.author === initialAdmin;
  return [...found.filter(isFirst), ...found.filter((one) => !isFirst(one))];
}

function roleChangesByAuthor(
  transactions: readonly GroupTransaction[],
  demotions: readonly Demotion[],
): ReadonlyMap<string, readonly Placed[]> {
  const lists = new Map(demotions.map(({ member }) => [member, [] as Placed[]]));
  transactions.forEach((transaction, place) => {
    const { kind } = transaction.change;
    const isVoidable = kind === 'role' || kind === 'parent' || kind === 'setting';
    if (isVoidable) lists.get(transaction.author)?.push({ place, transaction });
  });
  return lists;
}

/** How many transactions of this one's session the admin had seen. */
function seenOf(heads: object, { sessionID }: GroupTransaction): number {
  const seen: unknown = Object.hasOwn(heads, sessionID) ? Reflect.get(heads, sessionID) : undefined;
  return typeof seen === 'number' ? seen : 0;
}
