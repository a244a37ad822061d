import type { CoValueCore, LocalNode } from 'cojson';
import { getKnownCoValue } from './covalue-lookup.ts';
import { parentGroupsOf } from './private-fields.ts';

type Transaction = CoValueCore['verifiedTransactions'][number];

interface ReadSoFar {
  /** The number of its transactions that were read. */
  readonly count: number;
  /** The number of transactions of its groups at that time: each further one can change which of its own are valid. */
  readonly groupCount: number;
  readonly latest: Latest;
}

/** The latest date, its session, and the latest date of any other session. */
interface Latest {
  readonly ms: number;
  readonly sessionID: string;
  readonly othersMs: number;
}

const none: Latest = { ms: 0, sessionID: '', othersMs: 0 };
const nothingRead: ReadSoFar = { count: 0, groupCount: 0, latest: none };
const readSoFar = new WeakMap<CoValueCore, ReadSoFar>();

/**
 * The latest date of the transactions that count, of a CoValue and of its groups; 0 if there are none. What anyone who
 * knows the ID can make does not count: invalid transactions, and the few that cojson accepts without a role.
 */
export function latestCountingDate(node: LocalNode, core: CoValueCore): number {
  return latestCounting(node, core).ms;
}

/**
 * The earliest date that puts an edit of a session after everything that counts. It is the date of the session's own
 * latest transaction, because cojson orders those by index: a burst of edits must not run ahead of the clock. It is later
 * than every other session's, because session IDs decide the order of equal dates.
 */
export function earliestEditDate(node: LocalNode, core: CoValueCore, sessionID: string): number {
  const { ms, sessionID: by, othersMs } = latestCounting(node, core);
  return by === sessionID ? Math.max(ms, othersMs + 1) : ms + 1;
}

function latestCounting(node: LocalNode, core: CoValueCore): Latest {
  const sources = sourcesOf(node, core);
  return sources
    .map((source) => latestOf(source, sourcesOf(node, source)))
    .reduce(later, latestOf(core, sources));
}

function later(one: Latest, other: Latest): Latest {
  if (other.ms > one.ms) return later(other, one);
  const othersMs = other.sessionID === one.sessionID ? other.othersMs : other.ms;
  return { ...one, othersMs: Math.max(one.othersMs, othersMs) };
}

/** Reads each transaction once, unless cojson has validated them again since. */
function latestOf(core: CoValueCore, sources: readonly CoValueCore[]): Latest {
  const transactions = core.verifiedTransactions;
  const groups = sources.filter((source) => source.isGroupOrAccount());
  const groupCount = groups.reduce((sum, group) => sum + group.verifiedTransactions.length, 0);
  const before = readSoFar.get(core) ?? nothingRead;
  if (before.count === transactions.length && before.groupCount === groupCount) return before.latest;
  // cojson sorts the transactions of groups and accounts, so a new one can be anywhere.
  const isAppended = before.groupCount === groupCount && !core.isGroupOrAccount();
  const { count, latest: readBefore } = isAppended ? before : nothingRead;
  const unread = transactions.slice(count);
  const unchecked = unread.findIndex(({ stage }) => stage === 'to-validate');
  const checked = unchecked < 0 ? unread : unread.slice(0, unchecked);
  const latest = datesThatCount(core, checked).reduce(later, readBefore);
  readSoFar.set(core, { count: count + checked.length, groupCount, latest });
  return latest;
}

function datesThatCount(core: CoValueCore, transactions: readonly Transaction[]): readonly Latest[] {
  const isCounting = core.isGroupOrAccount() ? byMembers(core, transactions) : ordersContent;
  return transactions.flatMap((transaction) => {
    const { isValid, currentMadeAt: ms, txID } = transaction;
    // Nothing can be dated after the greatest number.
    const doesCount = isValid && ms < Number.MAX_SAFE_INTEGER && isCounting(transaction);
    return doesCount ? { ms, sessionID: txID.sessionID, othersMs: 0 } : [];
  });
}

/** cojson accepts the pointer to a branch from readers, and `everyone` can be one. */
function ordersContent({ changes }: Transaction): boolean {
  return changes?.length !== 0;
}

/** In a group or account, cojson accepts write keys, their disclosure and a self-revocation from anyone. */
function byMembers(
  core: CoValueCore,
  transactions: readonly Transaction[],
): (transaction: Transaction) => boolean {
  const ruleset = core.verified?.header.ruleset;
  const members = new Set<unknown>(ruleset?.type === 'group' ? [ruleset.initialAdmin] : []);
  for (const transaction of transactions) {
    const { key, value } = changeOf(transaction);
    if (transaction.isValid && value !== 'revoked' && /^(?:co_z|sealer_z)/.test(key)) members.add(key);
  }
  return (transaction) => {
    const { key, value } = changeOf(transaction);
    const isOpenToAnyone =
      /^(?:writeKeyFor_|key_)/.test(key) || (key === transaction.author && value === 'revoked');
    return !isOpenToAnyone || members.has(transaction.author);
  };
}

function changeOf({ changes }: Transaction): { readonly key: string; readonly value: unknown } {
  const [change] = (changes ?? []) as readonly { readonly key?: unknown; readonly value?: unknown }[];
  return { key: String(change?.key), value: change?.value };
}

/** The group of a CoValue and all groups above it, and what it is a branch of; each once. */
function sourcesOf(node: LocalNode, core: CoValueCore): readonly CoValueCore[] {
  const found = new Set<CoValueCore>([core]);
  const add = (id: string) => {
    const source = getKnownCoValue(node, id);
    if (source) found.add(source);
  };
  for (const one of found) {
    const ruleset = one.verified?.header.ruleset;
    if (ruleset?.type === 'ownedByGroup') add(ruleset.group);
    else parentGroupsOf(one).forEach(add);
    const branched = one.getCurrentBranchSourceId();
    if (branched) add(branched);
  }
  found.delete(core);
  return [...found];
}
