import type { CoValueCore, LocalNode } from 'cojson';
import { getKnownCoValue } from './covalue-lookup.ts';
import { parentGroupsOf } from './private-fields.ts';

type Transaction = CoValueCore['verifiedTransactions'][number];

interface ReadSoFar {
  /** How many of its transactions were read. */
  readonly count: number;
  /** How many transactions its groups had then: any further one can change which of its transactions are valid. */
  readonly groupCount: number;
  readonly latestMs: number;
}

const nothingRead: ReadSoFar = { count: 0, groupCount: 0, latestMs: 0 };
const readSoFar = new WeakMap<CoValueCore, ReadSoFar>();

/**
 * The latest date of the transactions that count, of a CoValue and of its groups; 0 if there are none. What anyone who
 * knows the ID can make does not count: invalid transactions, and the few that cojson accepts without a role.
 */
export function latestCountingDate(node: LocalNode, core: CoValueCore): number {
  const sources = sourcesOf(node, core);
  return Math.max(
    latestOf(core, sources),
    ...sources.map((source) => latestOf(source, sourcesOf(node, source))),
  );
}

/** Reads each transaction once, unless cojson has checked them anew since. */
function latestOf(core: CoValueCore, sources: readonly CoValueCore[]): number {
  const transactions = core.verifiedTransactions;
  const groups = sources.filter((source) => source.isGroupOrAccount());
  const groupCount = groups.reduce((sum, group) => sum + group.verifiedTransactions.length, 0);
  const before = readSoFar.get(core) ?? nothingRead;
  if (before.count === transactions.length && before.groupCount === groupCount) return before.latestMs;
  // cojson sorts the transactions of groups and accounts, so a new one can be anywhere.
  const isAppended = before.groupCount === groupCount && !core.isGroupOrAccount();
  const { count, latestMs } = isAppended ? before : nothingRead;
  const unread = transactions.slice(count);
  const unchecked = unread.findIndex(({ stage }) => stage === 'to-validate');
  const checked = unchecked < 0 ? unread : unread.slice(0, unchecked);
  const latest = datesThatCount(core, checked).reduce((one, other) => Math.max(one, other), latestMs);
  readSoFar.set(core, { count: count + checked.length, groupCount, latestMs: latest });
  return latest;
}

function datesThatCount(core: CoValueCore, transactions: readonly Transaction[]): readonly number[] {
  const isCounting = core.isGroupOrAccount() ? byMembers(core, transactions) : ordersContent;
  return transactions.flatMap((transaction) => {
    const { isValid, currentMadeAt } = transaction;
    // Nothing can be dated after the greatest number.
    return isValid && currentMadeAt < Number.MAX_SAFE_INTEGER && isCounting(transaction) ? currentMadeAt : [];
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
  for (const one of found) {
    const ruleset = one.verified?.header.ruleset;
    const groups = ruleset?.type === 'ownedByGroup' ? [ruleset.group] : parentGroupsOf(one);
    for (const id of [...groups, one.getCurrentBranchSourceId() ?? []].flat()) {
      const source = getKnownCoValue(node, id);
      if (source) found.add(source);
    }
  }
  found.delete(core);
  return [...found];
}
