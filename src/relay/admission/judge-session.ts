import { isRecord } from '../../base/record.ts';
import { parseJson } from '../../base/json.ts';
import {
  isDeleteSession,
  type CoValueHeader,
  type SessionContent,
  type Transaction,
} from '../../engine/content.ts';
import { isMisnaming } from '../../engine/covalue-access.ts';
import type { RefusalReason } from './content-refusal.ts';
import { wrongPlaceIn } from './place-rule.ts';
import { isTooFarAhead } from './time-rule.ts';

/** `no-role` and `not-admin` can still change: what gives the role may be on its way. */
export type RoleVerdict = 'admitted' | 'no-group' | 'no-role' | 'not-admin';

/** New content of one session. */
export interface SessionQuestion {
  readonly id: string;
  readonly header: CoValueHeader;
  readonly sessionID: string;
  readonly content: SessionContent;
  /** How many of the session's transactions the relay has. */
  readonly count: number;
  readonly nowMs: number;
  readonly isBound: () => boolean;
  /** Why nothing more is taken of the author. */
  readonly barredBy: () => 'blocked' | 'erased-author' | undefined;
  /** By what is known now. */
  readonly role: (added: readonly Transaction[]) => RoleVerdict;
  /** Whether the session begins as another one does. */
  readonly isCopy: () => boolean;
}

/** Applies the rules to what is new, in their order. */
export function judgeSession(question: SessionQuestion): 'admitted' | RefusalReason {
  const { id, header, sessionID, content, count, nowMs, isBound, barredBy, role, isCopy } = question;
  const added = addedBy(content, count);
  // A signature covers all transactions of a message, so none of them can be admitted alone.
  if (added.some((transaction) => isTooFarAhead(transaction, nowMs))) return 'clock';
  const isBeginning = content.after === 0 && count === 0;
  const wrongPlace = wrongPlaceIn({ id, header, sessionID, added, isBeginning, isBound });
  if (wrongPlace !== undefined) return wrongPlace;
  // Stock clients would ask for it, and be disconnected for that.
  if (header.ruleset.type === 'group' && added.some(isMisnaming)) return 'no-id';
  if (added.length === 0) return 'admitted';
  const barred = barredBy();
  if (barred) return barred;
  const verdict = role(added);
  if (verdict === 'admitted') return isCopy() ? 'copy' : verdict;
  // The fork guard holds deletions until their author is an admin.
  return verdict === 'no-role' && header.ruleset.type !== 'group' && isDeletion(sessionID, content)
    ? 'admitted'
    : verdict;
}

export function mayChange(verdict: 'admitted' | RefusalReason): boolean {
  return verdict === 'no-role' || verdict === 'not-admin';
}

/** The transactions that the relay lacks. */
export function addedBy({ after, newTransactions }: SessionContent, count: number): readonly Transaction[] {
  return count > after ? newTransactions.slice(count - after) : newTransactions;
}

export function isDeletion(
  sessionID: string,
  { newTransactions: [first, ...others] }: SessionContent,
): boolean {
  if (!isDeleteSession(sessionID)) return false;
  if (first?.privacy !== 'trusting' || !first.meta || others.length > 0) return false;
  const meta = parseJson(first.meta);
  return isRecord(meta) && typeof meta.deleted === 'string';
}
