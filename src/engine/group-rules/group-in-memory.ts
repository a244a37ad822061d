import type { CoValueCore, LocalNode } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { compareText } from '../fixes/tie-order.ts';
import { acceptExtensions, type GroupGraph } from './circular-parents.ts';
import { noRoles, type GroupContext, type GroupTransaction } from './group-transaction.ts';
import { judgeGroup, type JudgedGroup } from './judge-group.ts';
import { isAgentID, malformed, readGroupChange } from './read-change.ts';
import { readEarlier } from './read-meta.ts';

type VerifiedTransaction = CoValueCore['verifiedTransactions'][number];

interface TransactionInMemory extends GroupTransaction {
  readonly verified: VerifiedTransaction;
}

interface Judgment {
  readonly judged: JudgedGroup;
  readonly transactions: readonly GroupTransaction[];
  /** What it rests on. */
  readonly basis: ReadonlyMap<string, number>;
  /** Members that were not here. */
  readonly absent: ReadonlySet<string>;
}

const judgments = new WeakMap<CoValueCore, Judgment>();
/** What was once here and is no account gets no role later, when it is not in memory. */
const knownOthers = new WeakMap<LocalNode, Set<string>>();
/** Sorted by date, like cojson's own list. */
const transactionsRead = new WeakMap<CoValueCore, TransactionInMemory[]>();

/** Judges a group or account with all groups above it. Its `verifiedTransactions` are then in the order of the judgments. */
export function judgeInMemory(core: CoValueCore): JudgedGroup {
  return judgmentOf(core).judged;
}

/**
 * Returns the author of the last choice of a member's write key. Undefined if the group's key is newer: then members who were
 * removed have the write key, too.
 */
export function writeKeyChooser(core: CoValueCore, member: string): string | undefined {
  const { judged, transactions } = judgmentOf(core);
  const last = transactions.findLast(({ change }, place) => {
    const isReadKey = change.kind === 'setting' && change.key === 'readKey';
    const isWriteKey = change.kind === 'writeKey' && change.member === member;
    return (isReadKey || isWriteKey) && judged.refusals[place] === undefined;
  });
  return last?.change.kind === 'writeKey' ? last.author : undefined;
}

function judgmentOf(core: CoValueCore): Judgment {
  const known = judgments.get(core);
  if (known && isCurrent(core.node, known)) return known;
  const { node } = core;
  const basis = new Map<string, number>();
  const rest = (id: string) => basis.set(id, stampOf(node, id));
  const absent = new Set<string>();
  const others = knownOthers.get(node) ?? new Set<string>();
  knownOthers.set(node, others);
  const contextOf = (group: CoValueCore) => ({
    initialAdmin: initialAdminOf(group),
    isAccount: !group.isGroup(),
    isOtherCoValue(id: string) {
      const other = getKnownCoValue(node, id);
      if (!other?.isAvailable()) {
        absent.add(id);
        return others.has(id);
      }
      if (!isAccount(other)) others.add(id);
      return others.has(id);
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
  const judgment = { judged: judgeGroup(transactions, context), transactions, basis, absent };
  judgments.set(core, judgment);
  return judgment;
}

function isCurrent(node: LocalNode, { basis, absent }: Judgment): boolean {
  const isHere = (id: string) => getKnownCoValue(node, id)?.isAvailable() === true;
  return [...basis].every(([id, stamp]) => stampOf(node, id) === stamp) && ![...absent].some(isHere);
}

/** Changes whenever the CoValue gets a transaction. */
function stampOf(node: LocalNode, id: string): number {
  const core = getKnownCoValue(node, id);
  if (!core?.isAvailable()) return -1;
  core.loadVerifiedTransactionsFromLogs();
  return core.verifiedTransactions.length;
}

function findGroup(node: LocalNode, id: string): CoValueCore | undefined {
  const core = getKnownCoValue(node, id);
  return core?.isAvailable() && core.isGroupOrAccount() && isMap(core) ? core : undefined;
}

function isMap({ verified }: CoValueCore): boolean {
  return verified?.header.type === 'comap';
}

/** Keys can be encrypted to it. */
function isAccount(core: CoValueCore): boolean {
  const isOfAgent = isAgentID(initialAdminOf(core));
  return isMap(core) && core.isGroupOrAccount() && !core.isGroup() && isOfAgent;
}

/** A header can hold any JSON. */
function initialAdminOf({ verified }: CoValueCore): string {
  const ruleset = verified?.header.ruleset;
  return ruleset?.type === 'group' ? String(ruleset.initialAdmin) : '';
}

/** Reads each transaction once. */
function transactionsOf(core: CoValueCore): readonly GroupTransaction[] {
  core.loadVerifiedTransactionsFromLogs();
  const { verifiedTransactions } = core;
  const read = transactionsRead.get(core) ?? [];
  transactionsRead.set(core, read);
  // cojson adds new ones at the end.
  const added = verifiedTransactions.slice(read.length).map(readTransaction);
  let last = read.at(-1);
  let isSorted = true;
  for (const transaction of added) {
    if (last && byDate(last, transaction) > 0) isSorted = false;
    last = transaction;
    read.push(transaction);
  }
  if (!isSorted)
    read.sort(byDate).forEach(({ verified }, place) => {
      verifiedTransactions[place] = verified;
    });
  return read;
}

function readTransaction(verified: VerifiedTransaction): TransactionInMemory {
  const { author, currentTxID, currentMadeAt, tx, changes, meta } = verified;
  const { sessionID, txIndex: index } = currentTxID;
  if (tx.privacy === 'private') {
    return { author, sessionID, index, atMs: currentMadeAt, change: { kind: 'private' }, verified };
  }
  const earlierMs = readEarlier(author, meta);
  const change =
    earlierMs === undefined
      ? malformed('Group transaction must have a valid meta')
      : readGroupChange(changes);
  const heads = change.kind === 'role' ? headsIn(tx.meta) : undefined;
  return { author, sessionID, index, atMs: currentMadeAt - (earlierMs ?? 0), change, heads, verified };
}

/** From the signed text: for transactions made here, cojson keeps the meta from before the layers of session maps. */
function headsIn(metaJson: string | undefined): unknown {
  // Parsing is dearer.
  if (!metaJson?.includes('"heads"')) return undefined;
  try {
    return (JSON.parse(metaJson) as { readonly heads?: unknown } | null)?.heads;
  } catch {
    return undefined;
  }
}

function byDate(a: GroupTransaction, b: GroupTransaction): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  return compareText(a.sessionID, b.sessionID) || a.index - b.index;
}
