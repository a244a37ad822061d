import type { CoValueCore, LocalNode } from 'cojson';
import { parseJson } from '../base/json.ts';
import { isRecord } from '../base/record.ts';
import {
  authorOf,
  genesisSession,
  type Content,
  type CoValueHeader,
  type SessionID,
  type Transaction,
} from './content.ts';
import { getKnownCoValue } from './covalue-lookup.ts';
import { isOwnHeader } from './session-maps/session-maps.ts';

// GUARD-1: what a transaction was signed for. cojson's signature covers a session's transactions from the first, but neither
// the CoValue nor the session. So anyone can replay the beginning of a session in another place, and nothing but a beginning.

/** Why a session is in the wrong place; undefined if it is in the right one, or if nothing tells. */
export type WrongPlace = 'other-place' | 'no-place' | undefined;

/** How the kernel names a place in `meta.at`. */
export function placeOf(coValueID: string, sessionID: string): string {
  return `${coValueID}/${sessionID}`;
}

/**
 * Judges one transaction. A private one names no place: elsewhere, its nonce makes it undecryptable. cojson's deletions name
 * their CoValue in `deleted`.
 */
export function isForOtherPlace(coValueID: string, sessionID: string, transaction: Transaction): boolean {
  return namesOtherPlace(coValueID, sessionID, trustingMetaOf(transaction));
}

export function namesOtherPlace(
  coValueID: string,
  sessionID: string,
  { at, deleted }: TrustingMeta,
): boolean {
  if (isPlace(at)) return at !== placeOf(coValueID, sessionID);
  return typeof deleted === 'string' && deleted !== coValueID;
}

/** An app may use `at` for something else. */
function isPlace(at: unknown): boolean {
  return typeof at === 'string' && /^co_z[^/]*\/.*_session_/s.test(at);
}

/**
 * Judges a session by its first transaction. A kernel signs the place of each transaction that is not private, so an
 * account that was made by one (`isBound`) begins no session with a trusting transaction that names none. Nor with a private
 * one in a group: unlike accounts, groups take none.
 */
export function wrongPlaceOf(
  { id, header, sessionID }: Place,
  first: Transaction,
  isBound: () => boolean,
): WrongPlace {
  const meta = trustingMetaOf(first);
  if (namesOtherPlace(id, sessionID, meta)) return 'other-place';
  if (isPlace(meta.at) || typeof meta.deleted === 'string') return undefined;
  const mustName = first.privacy === 'trusting' || isGroup(header);
  return mustName && isBound() ? 'no-place' : undefined;
}

/** Whether its signature covers a place, right or wrong. */
export function namesPlace(transaction: Transaction): boolean {
  const { at, deleted } = trustingMetaOf(transaction);
  return isPlace(at) || typeof deleted === 'string';
}

/** The place to which a session claims to belong. */
export interface Place {
  readonly id: string;
  /** Undefined while the CoValue is not here. */
  readonly header: CoValueHeader | undefined;
  readonly sessionID: string;
}

function isGroup(header: CoValueHeader | undefined): boolean {
  return header?.ruleset.type === 'group' && header.meta?.['type'] !== 'account';
}

/**
 * Whether a kernel made the author's account, by its genesis. Then every client that writes as this account is a kernel. The
 * author can be the account or, in its own account, its agent. Undefined while the account is not in memory.
 */
export function isBoundAuthor(node: LocalNode, coValueID: string, sessionID: string): boolean | undefined {
  const author = authorOf(sessionID);
  const account = getKnownCoValue(node, author.startsWith('co_z') ? author : coValueID);
  return account?.isAvailable() ? isBoundAccount(account) : undefined;
}

const known = new WeakMap<CoValueCore, true>();

function isBoundAccount(account: CoValueCore): boolean {
  if (known.has(account)) return true;
  const ruleset = account.verified?.header.ruleset;
  if (ruleset?.type !== 'group' || account.isGroup()) return false;
  const sessionID = `${String(ruleset.initialAdmin)}_${genesisSession}` as SessionID;
  const first = account.verified?.getSession(sessionID)?.transactions[0];
  const isBound = first !== undefined && trustingMetaOf(first).at === placeOf(account.id, sessionID);
  if (isBound) known.set(account, true);
  return isBound;
}

export interface TrustingMeta {
  readonly at?: unknown;
  readonly deleted?: unknown;
}

const noMeta: TrustingMeta = {};

function trustingMetaOf(transaction: Transaction): TrustingMeta {
  if (transaction.privacy !== 'trusting' || !transaction.meta) return noMeta;
  const meta = parseJson(transaction.meta);
  return isRecord(meta) ? meta : noMeta;
}

/**
 * The content with the CoValue's own header; undefined if it begins with a forged one. cojson 0.20 stores the header of content
 * although it has another one, and waits for what a forged one names: anyone could keep all that arrives later out.
 */
export function withOwnHeader(node: LocalNode, content: Content): Content | undefined {
  const { id, header } = content;
  if (!header) return content;
  const own = getKnownCoValue(node, id)?.verified?.header;
  if (own) return { ...content, header: own };
  return isOwnHeader(node.crypto, id, header) ? content : undefined;
}
