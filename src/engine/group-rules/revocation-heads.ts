import { everyone, type GroupChange, type GroupContext, type GroupTransaction } from './group-transaction.ts';
import { isAdministrator, RoleJudge, roleOfInvite, type JudgedRoles } from './roles.ts';
import { createClaimReader, isSeen, type Claim } from './seen-claims.ts';

/**
 * A group is judged again for each claim that ends the rights of others. An honest manager makes few such, and sets again at
 * the later date what a claim does not end.
 */
const mostForManagers = 50;

export interface JudgedWithHeads extends JudgedRoles {
  /** All that are judged. */
  readonly transactions: readonly GroupTransaction[];
  /** Judges the next transaction by date. Returns false if claims void it or earlier ones: then all must be judged again. */
  add(transaction: GroupTransaction): boolean;
}

/**
 * GROUP-3: an admin who removes or lowers a member signs how much of each of the member's sessions the admin had seen, as
 * `heads`. Later transactions of these sessions with an earlier date are void. So the member cannot add to the time before.
 * Only admins' heads count, and never against write keys and revelations: what was written with a key stays readable.
 *
 * GROUP-7: a change signs how much its author had seen of the sessions that change the same at a later date, as `ahead`.
 * These later changes are void, if they are the author's own or of lower rank. So a removal holds, although a transaction of
 * an invite gives the role again tomorrow.
 *
 * Those of the first admin apply first.
 */
export function judgeWithHeads(
  transactions: readonly GroupTransaction[],
  context: GroupContext,
): JudgedWithHeads {
  const voided = new Set<GroupTransaction | undefined>();
  const reader = createClaimReader(context.initialAdmin);
  transactions.forEach(reader.read);
  const claims = reader.inOrder();
  const ranked = claims.length > 0 ? rankedIn(transactions, context.initialAdmin) : new Set<string>();
  let judge = judgeRoles();
  const applied = new Set<Claim>();
  let isOutdated = false;
  let judgedForManagers = 0;
  for (let at = 0; at < claims.length; at++) {
    const claim = claims[at];
    if (!claim || applied.has(claim) || !isEffective(claim)) continue;
    const unseen = placesVoidedBy(claim);
    const ended = unseen.filter((place) => judge.refusals[place] === undefined);
    const endsRights = ended.some(decidesRights);
    if (endsRights && judge.authorRoles[claim.place] === 'manager' && ++judgedForManagers > mostForManagers)
      continue;
    applied.add(claim);
    for (const place of unseen) voided.add(transactions[place]);
    isOutdated ||= unseen.length > 0;
    if (!endsRights) continue;
    judge = judgeRoles();
    isOutdated = false;
    // Others may be effective now.
    at = -1;
  }
  if (isOutdated) judge = judgeRoles();
  const voidedMembers = new Set(
    [...voided].map((transaction) => transaction?.change.kind === 'role' && transaction.change.member),
  );

  const { refusals, authorRoles, everyoneRoles, roles } = judge;

  return {
    refusals,
    authorRoles,
    everyoneRoles,
    roles,
    transactions: reader.transactions,
    add(transaction) {
      judge.add(transaction);
      const { change } = transaction;
      // What a claim ended may decide rights now, and so count against what managers may end.
      if (isRanking(change) && !ranked.has(change.member) && voidedMembers.has(change.member)) return false;
      // Even if the author of heads may not demote now: they may apply before what ended that role.
      return reader.read(transaction);
    },
  };

  function isEffective({ kind, place }: Claim): boolean {
    if (judge.refusals[place] !== undefined || voided.has(transactions[place])) return false;
    const role = judge.authorRoles[place];
    return kind === 'heads' ? role === 'admin' : isAdministrator(role);
  }

  function placesVoidedBy({ kind, place, seen, changes, count }: Claim): readonly number[] {
    const isUnseen = (other: number) => !isSeen(seen, transactions[other]);
    if (kind === 'heads') return changes.slice(0, count).filter(isUnseen);
    const [own, { author: by } = { author: '' }] = [judge.authorRoles[place], transactions[place]];
    return changes.slice(count).filter((other) => {
      const role = judge.authorRoles[other];
      const isLower = own === 'admin' ? role !== 'admin' : !isAdministrator(role);
      return !isUnseen(other) && (transactions[other]?.author === by || isLower);
    });
  }

  /** Otherwise no claim is effective, or not, by it: all are the same without it. */
  function decidesRights(place: number): boolean {
    const change = transactions[place]?.change;
    return change?.kind === 'parent' || (change?.kind === 'role' && ranked.has(change.member));
  }

  function judgeRoles(): RoleJudge {
    const judge = new RoleJudge(context, voided);
    for (const transaction of transactions) judge.add(transaction);
    return judge;
  }
}

/** Whoever may ever be an administrator or an invite by this group, at whatever date, and `everyone`. */
function rankedIn(transactions: readonly GroupTransaction[], initialAdmin: string): ReadonlySet<string> {
  const ranked = new Set([initialAdmin, everyone]);
  for (const { change } of transactions) {
    if (isRanking(change)) ranked.add(change.member);
  }
  return ranked;
}

function isRanking(change: GroupChange): change is Extract<GroupChange, { kind: 'role' }> {
  return change.kind === 'role' && (isAdministrator(change.role) || roleOfInvite(change.role) !== undefined);
}
