import { sessionsOf, transactionBytes, type Content, type SessionContent } from '../../engine/content.ts';
import { packSessions } from '../storage/content-pieces.ts';
import { sizeOfSession } from './message-size.ts';

/** Twice what cojson puts under one signature before the last transaction, which may be of any size. */
export const maxBytesBeforeLast = 200_000;
/** cojson sends at most 2,724 transactions under one signature. */
export const maxTransactionsPerSession = 5_000;

/** A short session costs the node as much as this, because it has a signature to be verified. */
const minSessionBytes = 1_000;

/**
 * Splits content at its sessions into parts of about 100 kB, so that the node handles other clients' messages in between. A
 * session stays whole, because one signature covers its transactions.
 */
export function contentParts(content: Content): Iterable<Content> {
  const sessions = sessionsOf(content);
  if (sessions.length < 2) return [content];
  return packSessions({ ...content, new: {} }, content, sessions, costOf, (session) => session);
}

/**
 * Takes the first part, and returns how to take the next one, if there is one. Looks ahead, because a step of its own for the end
 * would cost a busy client several turns.
 */
export function takeInParts(
  parts: Iterable<Content>,
  take: (part: Content) => void,
): (() => boolean) | undefined {
  const rest = parts[Symbol.iterator]();
  let next = rest.next();
  const takePart = () => {
    const { value } = next as IteratorYieldResult<Content>;
    next = rest.next();
    take(value);
    return next.done !== true;
  };
  return takePart() ? takePart : undefined;
}

function costOf(session: SessionContent): number {
  return Math.max(minSessionBytes, sizeOfSession(session));
}

/** The first session whose transactions are too many to be checked in one go, as the start of a sentence. */
export function oversizedSession(content: Content): string | undefined {
  for (const [, { newTransactions }] of sessionsOf(content)) {
    const count = newTransactions.length;
    if (count > maxTransactionsPerSession)
      return `${count} transactions under one signature exceed the limit of ${maxTransactionsPerSession}`;
    const bytes = newTransactions.reduce(
      (sum, one, at) => (at < count - 1 ? sum + transactionBytes(one) : sum),
      0,
    );
    if (bytes > maxBytesBeforeLast)
      return `${bytes} bytes under one signature, without its last transaction, exceed the limit of ${maxBytesBeforeLast}`;
  }
  return undefined;
}
