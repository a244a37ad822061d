import { cojsonInternals } from 'cojson';
import type {
  Content,
  CoValueHeader,
  RawCoID,
  SessionContent,
  SessionID,
  Transaction,
} from '../../engine/content.ts';
import type { NewerSessions } from './read-newer.ts';
import type { SessionSnapshot, Snapshot } from './read-rows.ts';

/** Reads transactions `from` up to but not with `to` of a session, as JSON text. */
export type ReadTransactions = (
  id: RawCoID,
  session: SessionID,
  from: number,
  to: number,
) => Promise<readonly string[]>;

/**
 * A stored CoValue as the messages that cojson loads. What is small comes in the first one, with the header; a long
 * session follows in pieces that each end at a signature, and the first message says what is still to come.
 * Throws when the CoValue's history was erased meanwhile; what is there now can then be read anew.
 */
export function contentPieces(
  { id, sessions }: Snapshot,
  header: CoValueHeader,
  readTransactions: ReadTransactions,
): Iterable<Content> | AsyncIterable<Content> {
  const empty = { action: 'content', id, priority: cojsonInternals.getPriorityFromHeader(header) } as const;
  const first: Content = { ...empty, header, new: {} };
  const long: [SessionID, SessionSnapshot][] = [];
  for (const [sessionID, session] of sessions) {
    if (session.signatures.length > 0) long.push([sessionID, session]);
    else first.new[sessionID] = wholeSession(session);
  }
  if (long.length === 0) return [first];
  first.expectContentUntil = Object.fromEntries(
    [...sessions].map(([sessionID, { lastIdx }]) => [sessionID, lastIdx]),
  );
  return longPieces(first, empty, long, readTransactions);
}

async function* longPieces(
  first: Content,
  empty: Pick<Content, 'action' | 'id' | 'priority'>,
  long: readonly [SessionID, SessionSnapshot][],
  readTransactions: ReadTransactions,
): AsyncGenerator<Content> {
  yield first;
  for (const [sessionID, session] of long) {
    for await (const piece of sessionPieces(first.id, sessionID, session, 0, readTransactions)) {
      yield { ...empty, new: { [sessionID]: piece } };
    }
  }
}

/** The same for what is stored beyond a known state; the header is known. */
export async function* newerPieces(
  id: RawCoID,
  header: CoValueHeader,
  sessions: NewerSessions,
  readTransactions: ReadTransactions,
): AsyncGenerator<Content> {
  const empty = { action: 'content', id, priority: cojsonInternals.getPriorityFromHeader(header) } as const;
  for (const [sessionID, session] of sessions) {
    if (session.signatures.length === 0) {
      yield { ...empty, new: { [sessionID]: wholeSession(session, session.after) } };
      continue;
    }
    for await (const piece of sessionPieces(id, sessionID, session, session.after, readTransactions)) {
      yield { ...empty, new: { [sessionID]: piece } };
    }
  }
}

async function* sessionPieces(
  id: RawCoID,
  sessionID: SessionID,
  session: SessionSnapshot,
  from: number,
  readTransactions: ReadTransactions,
): AsyncGenerator<SessionContent> {
  let after = from;
  for (const { idx, signature } of cuts(session)) {
    const texts = await readTransactions(id, sessionID, after, idx + 1);
    if (texts.length !== idx + 1 - after) throw new Error('The history was erased while it was read.');
    yield { after, newTransactions: texts.map(parse), lastSignature: signature };
    after = idx + 1;
  }
}

function wholeSession({ transactions, lastSignature }: SessionSnapshot, after = 0): SessionContent {
  const newTransactions = JSON.parse(`[${transactions}]`) as Transaction[];
  return { after, newTransactions, lastSignature };
}

/** Where a session can be cut: at the signatures kept within it, and at its end. */
function cuts({ signatures, lastIdx, lastSignature }: SessionSnapshot): SessionSnapshot['signatures'] {
  const end = { idx: lastIdx - 1, signature: lastSignature };
  return signatures.at(-1)?.idx === end.idx ? signatures : [...signatures, end];
}

function parse(text: string): Transaction {
  return JSON.parse(text) as Transaction;
}
