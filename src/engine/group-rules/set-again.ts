import type { JsonValue, RawGroup } from 'cojson';
import { authorOf } from '../content.ts';
import { dataClock } from '../session-maps/edit-clock.ts';
import { changesAhead, wouldCount } from './group-in-memory.ts';
import type { GroupChange, GroupTransaction, MemberRole } from './group-transaction.ts';
import { isRevelationKey, readGroupChange } from './read-change.ts';
import { isAdministrator, roleOfInvite } from './roles.ts';

/**
 * GROUP-7: sets a key of a group, which takes effect now, and sets it again after the transactions that set it to something
 * else at a later date. Otherwise a member who is removed now would be one again at that date: for stock cojson, which
 * ignores `meta.ahead`, and where that makes nothing void. What is over 20 h ahead stays, because relays would refuse all that
 * follows.
 */
export function setAlsoAhead(group: RawGroup, key: string, value: JsonValue, setNow: () => void): void {
  // Revelations have no date from which they count, and a removal makes one for each member.
  if (isRevelationKey(key)) return setNow();
  const { core } = group;
  const { sessionID, txIndex } = core.nextTransactionID();
  setNow();
  const madeAtMs = core.getTx({ sessionID, txIndex })?.madeAt;
  if (madeAtMs === undefined || core.latestTxMadeAt <= madeAtMs) return;
  const changes = [{ op: 'set', key, value }];
  const change = readGroupChange(changes);
  const { untilMs } = dataClock(core.node);
  const dates = changesAhead(core, change, madeAtMs).flatMap(({ transaction, role }) =>
    transaction.atMs <= untilMs && mayCount(transaction, role) && !isEqual(transaction.change, change)
      ? transaction.atMs
      : [],
  );
  if (dates.length === 0) return;
  const againMs = Math.max(...dates) + 1;
  if (
    !wouldCount(core, { author: authorOf(sessionID), sessionID, index: txIndex + 1, atMs: againMs, change })
  )
    return;
  core.makeTransaction(changes, 'trusting', undefined, againMs);
  group.processNewTransactions();
}

/** Anyone can sign something that does not count, and must not decide a date by that. */
function mayCount({ author, change }: GroupTransaction, role: MemberRole | undefined): boolean {
  const isOwn = (change.kind === 'role' || change.kind === 'writeKey') && change.member === author;
  return isAdministrator(role) || roleOfInvite(role) !== undefined || (isOwn && role !== undefined);
}

function isEqual(one: GroupChange, other: GroupChange): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
