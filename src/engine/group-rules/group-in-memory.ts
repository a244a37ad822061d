import type { CoValueCore, LocalNode } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { acceptExtensions, type GroupGraph } from './circular-parents.ts';
import {
  isSameSubject,
  noRoles,
  subjectOf,
  type GroupChange,
  type GroupContext,
  type GroupTransaction,
  type MemberRole,
  type ParentRole,
} from './group-transaction.ts';
import { judgeGroup, type GroupJudge, type JudgedGroup } from './judge-group.ts';
import { initialAdminOf, isMap, memberKindsOf } from './member-kinds.ts';
import { noGroup } from './roles.ts';
import { byDate, loadTransactions, transactionsOf } from './read-transactions.ts';

interface Judgment {
  readonly judged: GroupJudge;
  readonly transactions: readonly GroupTransaction[];
  readonly context: GroupContext;
  /** What it rests on, by ID. The group itself is one of them. */
  readonly basis: Map<string, number>;
  /** Members that were not here. */
  readonly absent: ReadonlySet<string>;
  /** Whether this group may be above itself. Then any transaction can change which of its parents count. */
  readonly isInCircle: boolean;
  /** How many are marked in cojson's list as judged. */
  marked: number;
}

const judgments = new WeakMap<CoValueCore, Judgment>();

/** Judges a group or account with all groups above it. Its `verifiedTransactions` are then in the order of the judgments. */
export function judgeInMemory(core: CoValueCore): JudgedGroup {
  return judgmentOf(core).judged;
}

/** Marks in cojson's list which transactions count: those that it wants validated, and those whose judgment is new. */
export function markJudged(core: CoValueCore): void {
  const judgment = judgmentOf(core);
  const { refusals } = judgment.judged;
  const { verifiedTransactions, toValidateTransactions } = core;
  const areMore = toValidateTransactions.length > verifiedTransactions.length - judgment.marked;
  const from = areMore ? 0 : judgment.marked;
  verifiedTransactions.slice(from).forEach((transaction, at) => {
    const refusal = refusals[from + at];
    if (refusal === undefined) transaction.markValid();
    else transaction.markInvalid(refusal);
  });
  judgment.marked = verifiedTransactions.length;
}

/** Returns the author of the last choice of a member's write key. */
export function writeKeyChooser(core: CoValueCore, member: string): string | undefined {
  const { judged, transactions } = judgmentOf(core);
  return transactions.findLast(
    ({ change }, place) =>
      change.kind === 'writeKey' && change.member === member && judged.refusals[place] === undefined,
  )?.author;
}

/** Returns to whom a key was revealed and by whom, in revelations that count. */
export function countingRevelations(
  core: CoValueCore,
  keyID: string,
): { readonly to: string; readonly author: string }[] {
  const { judged, transactions } = judgmentOf(core);
  const revelations: { to: string; author: string }[] = [];
  transactions.forEach(({ author, change }, place) => {
    if (change.kind === 'revelation' && change.keyID === keyID && judged.refusals[place] === undefined)
      revelations.push({ to: change.to, author });
  });
  return revelations;
}

/** Whether admins have extended the group by one that is not here. */
export function lacksParents(core: CoValueCore): boolean {
  const { judged, transactions } = judgmentOf(core);
  const given = new Map<string, ParentRole>();
  transactions.forEach(({ change }, place) => {
    if (change.kind === 'parent' && judged.refusals[place] === noGroup)
      given.set(change.parentID, change.role);
  });
  return [...given].some(
    ([id, role]) => role !== 'revoked' && getKnownCoValue(core.node, id)?.isAvailable() !== true,
  );
}

/** Whether a transaction that is not made yet would count. */
export function wouldCount(core: CoValueCore, transaction: GroupTransaction): boolean {
  const { transactions, context } = judgmentOf(core);
  const all = [...transactions, transaction].sort(byDate);
  return judgeGroup(all, context).refusals[all.indexOf(transaction)] === undefined;
}

/** What changes the same at a later date, with its author's role then; also what does not count. */
export function changesAhead(
  core: CoValueCore,
  change: GroupChange,
  ofMs: number,
): readonly { readonly transaction: GroupTransaction; readonly role: MemberRole | undefined }[] {
  const { judged, transactions } = judgmentOf(core);
  return transactions.flatMap((transaction, place) =>
    transaction.atMs > ofMs && isSameSubject(transaction.change, change)
      ? { transaction, role: judged.authorRoles[place] }
      : [],
  );
}

/** A member's changes of roles, parents and settings, and whether they count. */
export function changesBy(
  core: CoValueCore,
  member: string,
): readonly { readonly transaction: GroupTransaction; readonly counts: boolean }[] {
  const { judged, transactions } = judgmentOf(core);
  return transactions.flatMap((transaction, place) =>
    transaction.author === member && subjectOf(transaction.change) !== undefined
      ? { transaction, counts: judged.refusals[place] === undefined }
      : [],
  );
}

function judgmentOf(core: CoValueCore): Judgment {
  const known = judgments.get(core);
  if (known && isCurrent(core, known)) return known;
  const judgment = judgeAll(core);
  judgments.set(core, judgment);
  return judgment;
}

function judgeAll(core: CoValueCore): Judgment {
  const { node } = core;
  const basis = new Map<string, number>();
  const rest = (id: string) => basis.set(id, stampOf(node, id));
  const absent = new Set<string>();
  const kindOf = memberKindsOf(node);
  const contextOf = (group: CoValueCore) => ({
    initialAdmin: initialAdminOf(group),
    isAccount: !group.isGroup(),
    isOtherCoValue(id: string) {
      if (!id.startsWith('co_')) return false;
      const kind = kindOf(id);
      if (kind === 'absent') absent.add(id);
      return kind === 'other';
    },
  });
  const graph: GroupGraph = {
    transactionsOf(groupID) {
      rest(groupID);
      const group = findGroup(node, groupID);
      return group ? transactionsOf(group) : [];
    },
    contextOf(groupID) {
      const group = findGroup(node, groupID);
      return group?.isGroup() ? contextOf(group) : undefined;
    },
  };
  let accepted: ReadonlySet<GroupTransaction> | undefined | null = null;
  const context: GroupContext = {
    ...contextOf(core),
    findParent(parentID, transaction) {
      rest(parentID);
      const parent = findGroup(node, parentID);
      if (!parent?.isGroup()) return 'no group';
      const { change } = transaction;
      if (change.kind === 'parent' && change.role === 'revoked') return noRoles;
      if (accepted === null) accepted = acceptExtensions(core.id, graph);
      if (accepted?.has(transaction) === false) return 'circular';
      const judgment = judgmentOf(parent);
      for (const [id, stamp] of judgment.basis) basis.set(id, stamp);
      for (const id of judgment.absent) absent.add(id);
      return judgment.judged.roles;
    },
  };
  const transactions = graph.transactionsOf(core.id);
  const judged = judgeGroup(transactions, context);
  const isInCircle = Boolean(accepted);
  return { judged, transactions, context, basis, absent, isInCircle, marked: 0 };
}

/** Also judges what was added to the group at the end, if it can do so without judging all again. */
function isCurrent(core: CoValueCore, judgment: Judgment): boolean {
  const { node, id } = core;
  const { basis, absent } = judgment;
  for (const [other, stamp] of basis) if (other !== id && stampOf(node, other) !== stamp) return false;
  const kindOf = memberKindsOf(node);
  // An account counts as before.
  for (const member of absent) if (kindOf(member) === 'other') return false;
  const stamp = stampOf(node, id);
  return stamp === basis.get(id) || continueJudgment(core, judgment, stamp);
}

function continueJudgment(core: CoValueCore, judgment: Judgment, stamp: number): boolean {
  const { judged, isInCircle, transactions, basis } = judgment;
  const current = transactionsOf(core);
  if (isInCircle || current !== transactions) return false;
  const firstNew = judged.continueWith(current.slice(judged.refusals.length));
  if (firstNew === undefined) return false;
  basis.set(core.id, stamp);
  judgment.marked = Math.min(judgment.marked, firstNew);
  return true;
}

/** Changes whenever the CoValue gets a transaction. */
function stampOf(node: LocalNode, id: string): number {
  const core = getKnownCoValue(node, id);
  if (!core?.isAvailable()) return -1;
  loadTransactions(core);
  return core.verifiedTransactions.length;
}

function findGroup(node: LocalNode, id: string): CoValueCore | undefined {
  const core = getKnownCoValue(node, id);
  return core?.isAvailable() && core.isGroupOrAccount() && isMap(core) ? core : undefined;
}
