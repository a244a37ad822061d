import { cojsonInternals } from 'cojson';
import type {
  Content,
  CoValueHeader,
  RawCoID,
  SessionContent,
  SessionID,
  Transaction,
} from '../../engine/content.ts';
import type { NewerSessions, SessionSnapshot, Snapshot } from './read-rows.ts';

/** Reads transactions `from` (inclusive) to `to` (exclusive) of a session, as JSON text. */
export type ReadTransactions = (
  id: RawCoID,
  session: SessionID,
  from: number,
  to: number,
) => Promise<readonly string[]>;

/**
 * Splits a stored CoValue into messages that cojson can load. The first one contains the header, all short sessions, and the
 * final counts; long sessions follow in pieces that end at a signature. Throws if the history is erased meanwhile; the
 * caller can read the new state.
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

/** Like `contentPieces`, but for content beyond a known state, without the header. */
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
    if (texts.length !== idx + 1 - after) throw new Error('The history was erased while it was being read.');
    yield { after, newTransactions: texts.map(parse), lastSignature: signature };
    after = idx + 1;
  }
}

function wholeSession({ transactions, lastSignature }: SessionSnapshot, after = 0): SessionContent {
  const newTransactions = JSON.parse(`[${transactions}]`) as Transaction[];
  return { after, newTransactions, lastSignature };
}

/** The indices at which a session can be split: those with a stored signature, and its end. */
function cuts({ signatures, lastIdx, lastSignature }: SessionSnapshot): SessionSnapshot['signatures'] {
  const end = { idx: lastIdx - 1, signature: lastSignature };
  return signatures.at(-1)?.idx === end.idx ? signatures : [...signatures, end];
}

function parse(text: string): Transaction {
  return JSON.parse(text) as Transaction;
}
