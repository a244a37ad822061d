import type { CoValueCore, LocalNode } from 'cojson';
import { isOwnSession } from '../content.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { judgeInMemory } from '../group-rules/group-in-memory.ts';
import type { JudgedGroup } from '../group-rules/judge-group.ts';
import { parentGroupsOf } from '../private-fields.ts';
import { dataClock, groupClock } from './edit-clock.ts';

type Transaction = CoValueCore['verifiedTransactions'][number];

interface ReadSoFar {
  /** The number of its transactions that were read. */
  readonly count: number;
  /** The number of transactions of its groups at that time: each further one can change which of its own are valid. */
  readonly groupCount: number;
  /** Of a group or account: the last that was read, and by which judgment they counted. */
  readonly last?: Transaction | undefined;
  readonly judged?: JudgedGroup | undefined;
  /** Of the past. */
  readonly latest: Latest;
  /** What was dated later than the device's clock. */
  readonly ahead: readonly Latest[];
}

/** The latest date, its session, and the latest date of any other session. */
interface Latest {
  readonly ms: number;
  readonly sessionID: string;
  readonly othersMs: number;
}

const none: Latest = { ms: 0, sessionID: '', othersMs: 0 };
const nothingRead: ReadSoFar = { count: 0, groupCount: 0, latest: none, ahead: [] };
const readSoFar = new WeakMap<CoValueCore, ReadSoFar>();

/**
 * The latest date, up to `untilMs`, of the transactions that count, of a CoValue and of its groups; 0 if there are none.
 * What anyone who knows the ID can make does not count: invalid transactions, and the few that cojson accepts without a role.
 */
export function latestCountingDate(node: LocalNode, core: CoValueCore, untilMs: number): number {
  return latestCounting(node, core, untilMs).ms;
}

/**
 * The earliest date that puts an edit of a session after everything that counts up to `untilMs`, and after what the node's own
 * account has written up to `ownUntilMs`. It is the date of the session's own latest transaction, because cojson orders those by
 * index: a burst of edits must not run ahead of the clock. It is later than every other session's, because session IDs decide
 * the order of equal dates.
 */
export function earliestEditDate(
  node: LocalNode,
  core: CoValueCore,
  sessionID: string,
  untilMs: number,
  ownUntilMs = untilMs,
): number {
  const { ms, sessionID: by, othersMs } = latestCounting(node, core, untilMs, ownUntilMs);
  return by === sessionID ? Math.max(ms, othersMs + 1) : ms + 1;
}

/**
 * The date for writing an edit again that was made at `madeAtMs`. It is later than that, because cojson rejects what was
 * written again before it was made.
 */
export function dateOfRewrite(node: LocalNode, core: CoValueCore, madeAtMs: number): number {
  const { nowMs, untilMs } = core.isGroupOrAccount() ? groupClock(node) : dataClock(node);
  return Math.max(nowMs, latestCountingDate(node, core, untilMs) + 1, madeAtMs + 1);
}

function latestCounting(node: LocalNode, core: CoValueCore, untilMs: number, ownUntilMs = untilMs): Latest {
  const sources = sourcesOf(node, core);
  const isFollowed = ({ ms, sessionID }: Latest) =>
    ms <= untilMs || (ms <= ownUntilMs && isOwnSession(node, sessionID));
  return sources
    .map((source) => latestOf(source, sourcesOf(node, source), untilMs, isFollowed))
    .reduce(later, latestOf(core, sources, untilMs, isFollowed));
}

function later(one: Latest, other: Latest): Latest {
  if (other.ms > one.ms) return later(other, one);
  const othersMs = other.sessionID === one.sessionID ? other.othersMs : other.ms;
  return { ...one, othersMs: Math.max(one.othersMs, othersMs) };
}

function latestOf(
  core: CoValueCore,
  sources: readonly CoValueCore[],
  untilMs: number,
  isFollowed: (latest: Latest) => boolean,
): Latest {
  const before = readSoFar.get(core);
  // The clock was set back.
  if (before && before.latest.ms > untilMs) readSoFar.delete(core);
  const { latest, ahead } = read(core, sources);
  return ahead.filter(isFollowed).reduce(later, latest);
}

/** Reads each transaction once, unless cojson has validated them again since. */
function read(core: CoValueCore, sources: readonly CoValueCore[]): ReadSoFar {
  const transactions = core.verifiedTransactions;
  const groups = sources.filter((source) => source.isGroupOrAccount());
  const groupCount = groups.reduce((sum, group) => sum + group.verifiedTransactions.length, 0);
  const before = readSoFar.get(core) ?? nothingRead;
  const isCurrent = before.count === transactions.length && before.groupCount === groupCount;
  if (isCurrent && before.ahead.length === 0) return before;
  const judged = core.isGroupOrAccount() ? judgeInMemory(core) : undefined;
  // cojson sorts the transactions of groups and accounts, so a new one can be anywhere, and change which of the others count.
  const isSameJudgment =
    judged === before.judged && (!judged || transactions[before.count - 1] === before.last);
  const isAppended = before.groupCount === groupCount && isSameJudgment;
  const known = isCurrent || isAppended ? before : nothingRead;
  const unread = transactions.slice(known.count);
  const unchecked = unread.findIndex(({ stage }) => stage === 'to-validate');
  const checked = unchecked < 0 ? unread : unread.slice(0, unchecked);
  const nowMs = Date.now();
  const dates = [...known.ahead, ...datesThatCount(checked, known.count, judged)];
  const next = {
    count: known.count + checked.length,
    groupCount,
    judged,
    last: transactions[known.count + checked.length - 1],
    latest: dates.filter(({ ms }) => ms <= nowMs).reduce(later, known.latest),
    ahead: dates.filter(({ ms }) => ms > nowMs),
  };
  readSoFar.set(core, next);
  return next;
}

/** `from`: the place of the first of them. */
function datesThatCount(
  transactions: readonly Transaction[],
  from: number,
  judged: JudgedGroup | undefined,
): readonly Latest[] {
  return transactions.flatMap((transaction, index) => {
    const { isValid, currentMadeAt: ms, txID } = transaction;
    const role = judged?.authorRoles[from + index];
    const isCounting = judged ? isByMember(transaction, role) : ordersContent(transaction);
    return isValid && isCounting ? { ms, sessionID: txID.sessionID, othersMs: 0 } : [];
  });
}

/** cojson accepts the pointer to a branch from readers, and `everyone` can be one. */
function ordersContent({ changes }: Transaction): boolean {
  return changes?.length !== 0;
}

/** In a group or account, some transactions count of anyone: write keys, their disclosure and a self-revocation. */
function isByMember(transaction: Transaction, role: string | undefined): boolean {
  const { key, value } = changeOf(transaction);
  if (key.startsWith('writeKeyFor_') || (key === transaction.author && value === 'revoked')) return false;
  return !key.startsWith('key_') || (role !== undefined && role !== 'revoked');
}

function changeOf({ changes }: Transaction): { readonly key: string; readonly value: unknown } {
  const [change] = (changes ?? []) as readonly { readonly key?: unknown; readonly value?: unknown }[];
  const key = change?.key;
  return { key: typeof key === 'string' ? key : '', value: change?.value };
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
