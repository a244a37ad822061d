import { addToList, addToSet } from '../reading/lists.ts';
import { compareText } from '../fixes/tie-order.ts';
import { noRoles, type GroupContext, type GroupRoles, type GroupTransaction } from './group-transaction.ts';
import { judgeGroup } from './judge-group.ts';
import { circularParent } from './roles.ts';

/** The groups that are here. */
export interface GroupGraph {
  /** Sorted by date. Empty if the group is not here. */
  transactionsOf(groupID: string): readonly GroupTransaction[];
  /** Undefined if this is no group, or not here. */
  contextOf(groupID: string): Omit<GroupContext, 'findParent'> | undefined;
}

/** One transaction that extends a group. */
interface Extension {
  readonly childID: string;
  readonly parentID: string;
  readonly transaction: GroupTransaction;
  /** Why it does not count; undefined if it does. */
  readonly refusal: string | undefined;
  readonly givesAdmins: boolean;
}

/**
 * GROUP-5: a group that extends another one above which it already is would give roles in a circle. Returns the extensions
 * above this group that form none; undefined if no circle is possible. They are accepted one after another, each by an
 * author who is an administrator by those accepted before: first those that give admins, which no manager can make, and then
 * by date. Also an extension that was revoked since keeps the other direction from counting.
 */
export function acceptExtensions(
  groupID: string,
  graph: GroupGraph,
): ReadonlySet<GroupTransaction> | undefined {
  const named = (id: string) => parentsIn(graph.transactionsOf(id));
  const all = groupsAbove(groupID, named);
  // In nearly all cases no group above this one names it at all.
  if (![...all].some((id) => named(id).has(groupID))) return undefined;
  // A stranger can name groups, too. Judging is dear.
  const administrators = possibleAdministrators(all, graph);
  const groups = groupsAbove(groupID, (id) => parentsIn(graph.transactionsOf(id), administrators.get(id)));
  const accepted = new Set<GroupTransaction>();
  const circular = new Set<GroupTransaction>();
  const parentsOf = new Map<string, Set<string>>();
  const childrenOf = new Map<string, Set<string>>();
  const { judge, forget } = createGraphJudge(graph, accepted);
  for (;;) {
    const candidates = [...groups]
      .flatMap((id) => judge(id)?.extensions ?? [])
      .filter(({ transaction, refusal }) => refusal === circularParent && !circular.has(transaction))
      .sort(byRank);
    const next = candidates.find(({ parentID, childID, transaction }) => {
      const above = groupsAbove(parentID, (id) => parentsOf.get(id) ?? []);
      if (above.has(childID)) circular.add(transaction);
      return !above.has(childID);
    });
    if (!next) return accepted;
    // Those of the same two groups form no more circles.
    for (const one of candidates)
      if (one.childID === next.childID && one.parentID === next.parentID) accepted.add(one.transaction);
    addToSet(parentsOf, next.childID, next.parentID);
    addToSet(childrenOf, next.parentID, next.childID);
    // All other groups keep their judgment. With many circles, judging all of them again takes long.
    forget(groupsAbove(next.childID, (id) => childrenOf.get(id) ?? []));
  }
}

interface JudgedInGraph {
  readonly roles: GroupRoles;
  readonly extensions: readonly Extension[];
}

/** Judges each group once, with no other extensions than those accepted, until that judgment is forgotten. */
function createGraphJudge(graph: GroupGraph, accepted: ReadonlySet<GroupTransaction>) {
  const judged = new Map<string, JudgedInGraph>();

  function judge(groupID: string): JudgedInGraph | undefined {
    const known = judged.get(groupID);
    const context = known ? undefined : graph.contextOf(groupID);
    if (!context) return known;
    const transactions = graph.transactionsOf(groupID);
    const { roles, refusals } = judgeGroup(transactions, {
      ...context,
      findParent(parentID, transaction) {
        const { change } = transaction;
        if (!graph.contextOf(parentID)) return 'no group';
        if (change.kind === 'parent' && change.role === 'revoked') return noRoles;
        return accepted.has(transaction) ? (judge(parentID)?.roles ?? 'no group') : 'circular';
      },
    });
    const result = { roles, extensions: extensionsOf(groupID, transactions, refusals) };
    judged.set(groupID, result);
    return result;
  }

  function forget(groups: Iterable<string>): void {
    for (const id of groups) judged.delete(id);
  }

  return { judge, forget };
}

function extensionsOf(
  childID: string,
  transactions: readonly GroupTransaction[],
  refusals: readonly (string | undefined)[],
): readonly Extension[] {
  return transactions.flatMap((transaction, place): readonly Extension[] => {
    const { change } = transaction;
    if (change.kind !== 'parent' || change.role === 'revoked') return [];
    const givesAdmins = change.role === 'extend' || change.role === 'admin';
    return [{ childID, parentID: change.parentID, transaction, refusal: refusals[place], givesAdmins }];
  });
}

function byRank(a: Extension, b: Extension): number {
  return (
    Number(b.givesAdmins) - Number(a.givesAdmins) ||
    a.transaction.atMs - b.transaction.atMs ||
    compareText(a.childID, b.childID) ||
    compareText(a.parentID, b.parentID)
  );
}

/** Those that these authors, or anyone, have ever named. */
function parentsIn(
  transactions: readonly GroupTransaction[],
  authors?: ReadonlySet<string>,
): ReadonlySet<string> {
  return new Set(
    transactions.flatMap(({ author, change }) => {
      const isNamed = change.kind === 'parent' && change.role !== 'revoked' && authors?.has(author) !== false;
      return isNamed ? change.parentID : [];
    }),
  );
}

/** The members of each group who could ever have become an administrator, whatever the dates. */
function possibleAdministrators(
  groups: ReadonlySet<string>,
  graph: GroupGraph,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map([...groups].map((id) => [id, new Set<string>()]));
  const changesOf = new Map([...groups].map((id) => [id, byAuthor(graph.transactionsOf(id))]));
  const childrenOf = new Map<string, Set<string>>();
  const waiting = [...groups].map((id) => ({ id, member: graph.contextOf(id)?.initialAdmin ?? '' }));
  for (const { id, member } of waiting) {
    const members = found.get(id);
    if (!members || members.has(member)) continue;
    members.add(member);
    for (const childID of childrenOf.get(id) ?? []) waiting.push({ id: childID, member });
    for (const { change } of changesOf.get(id)?.get(member) ?? []) {
      if (change.kind === 'role' && /^(?:admin|manager)/.test(change.role))
        waiting.push({ id, member: change.member });
      if (change.kind !== 'parent' || change.role === 'revoked') continue;
      const children = childrenOf.get(change.parentID) ?? new Set();
      if (children.has(id)) continue;
      childrenOf.set(change.parentID, children.add(id));
      for (const inherited of found.get(change.parentID) ?? []) waiting.push({ id, member: inherited });
    }
  }
  return found;
}

function byAuthor(
  transactions: readonly GroupTransaction[],
): ReadonlyMap<string, readonly GroupTransaction[]> {
  const lists = new Map<string, GroupTransaction[]>();
  for (const transaction of transactions) addToList(lists, transaction.author, transaction);
  return lists;
}

/** The group itself, and all groups above it, or below it if it is given the children of each. */
function groupsAbove(groupID: string, parentsOf: (groupID: string) => Iterable<string>): ReadonlySet<string> {
  const found = new Set([groupID]);
  for (const id of found) for (const parentID of parentsOf(id)) found.add(parentID);
  return found;
}
