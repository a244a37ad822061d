import { hash } from 'node:crypto';
import type { LocalNode } from 'cojson';
import {
  authorOf,
  type RawCoID,
  type SessionContent,
  type SessionID,
  type Transaction,
} from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { isBoundAuthor, namesPlace, placeOf } from '../../engine/session-place.ts';

/** Content of one session. */
export interface SessionPiece {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  readonly content: SessionContent;
}

/** What can be recognised in another place of the beginning of a session. */
export interface Beginning {
  readonly place: string;
  /** How many of the session's transactions were here before. */
  readonly count: number;
  readonly digests: readonly BeginningDigest[];
}

export interface BeginningDigest {
  readonly digest: string;
  readonly madeAtMs: number;
  /** Whether the same digest in another place makes this one a copy. Otherwise a longer digest decides. */
  readonly decides: boolean;
  /** Whether the author can have signed the same in two places, in the same millisecond. */
  readonly canBeEqual: boolean;
}

/** With fewer characters, two ciphertexts can be equal by chance. */
const minUniqueLength = 32;
/** More than enough to distinguish ciphertexts. */
const maxCipherLength = 128;

/**
 * The digests of what this content adds to the first two transactions of its session. Undefined if it adds none of them, or if
 * it needs no digest: because its signature names its place, or because a kernel made the author's account.
 */
export function beginningIn(
  node: LocalNode,
  { id, sessionID, content }: SessionPiece,
): Beginning | undefined {
  const { after, newTransactions } = content;
  if (after > 1 || newTransactions.length === 0) return undefined;
  const stored = getKnownCoValue(node, id)?.verified?.getSession(sessionID)?.transactions ?? [];
  const count = stored.length;
  // Content that lacks the transactions before it is not taken.
  if (count > 1 || count < after) return undefined;
  const first = stored[0] ?? newTransactions[0];
  const second = newTransactions[1 - after];
  if (!first || namesPlace(first) || (count === 1 && !second)) return undefined;
  const signer = isBoundAuthor(node, id, sessionID) === true ? undefined : signerOf(node, sessionID);
  if (signer === undefined) return undefined;
  return { place: placeDigestOf(id, sessionID), count, digests: digestsOf(signer, first, second, count) };
}

/** The hash of a place, as it is stored. */
export function placeDigestOf(id: string, sessionID: string): string {
  return hashOf(placeOf(id, sessionID));
}

function digestsOf(
  signer: string,
  first: Transaction,
  second: Transaction | undefined,
  count: number,
): readonly BeginningDigest[] {
  const canBeEqual = !isUnique(first);
  const alone: BeginningDigest = {
    digest: hashOf(signer, first),
    madeAtMs: first.madeAt,
    decides: !canBeEqual || !second,
    canBeEqual,
  };
  if (!canBeEqual || !second) return count === 0 ? [alone] : [];
  const both: BeginningDigest = {
    digest: hashOf(signer, first, second),
    madeAtMs: second.madeAt,
    decides: true,
    canBeEqual,
  };
  return count === 0 ? [alone, both] : [both];
}

/** A nonce made of the place encrypts a private transaction, so only a copy is equal. */
function isUnique(transaction: Transaction): boolean {
  return transaction.privacy === 'private' && transaction.encryptedChanges.length >= minUniqueLength;
}

/** The key that signs for an author. An account and its agent have the same. */
export function signerOf(node: LocalNode, sessionID: string): string | undefined {
  const author = authorOf(sessionID);
  if (!author.startsWith('co_z')) return agentSigner(author);
  const ruleset = getKnownCoValue(node, author)?.verified?.header.ruleset;
  return ruleset?.type === 'group' ? agentSigner(String(ruleset.initialAdmin)) : undefined;
}

function agentSigner(agentID: string): string {
  return agentID.slice(agentID.indexOf('/') + 1);
}

function hashOf(text: string, ...transactions: readonly Transaction[]): string {
  const signed = transactions.map((one) =>
    one.privacy === 'private'
      ? [one.madeAt, one.keyUsed, one.encryptedChanges.slice(0, maxCipherLength)]
      : [one.madeAt, one.changes, one.meta],
  );
  return hash('sha256', JSON.stringify([text, ...signed]), 'base64url').slice(0, 22);
}
