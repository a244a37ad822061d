import { cojsonInternals } from 'cojson';
import type {
  Content,
  CoValueHeader,
  RawCoID,
  SessionContent,
  SessionID,
  Transaction,
} from '../../engine/content.ts';
import { sessionsPerRead, type NewerSessions, type SessionSnapshot, type Snapshot } from './read-rows.ts';

/** How the rest of a CoValue is read; see `read-rows`. */
export interface ReadMore {
  /** Transactions `from` (inclusive) to `to` (exclusive) of a session, as JSON text. */
  transactions(id: RawCoID, session: SessionID, from: number, to: number): Promise<readonly string[]>;
  /** The beginnings of sessions, up to these counts, each as the text between the brackets of a JSON array. */
  sessions(id: RawCoID, counts: ReadonlyMap<SessionID, number>): Promise<ReadonlyMap<SessionID, string>>;
}

type ReadSession = SessionSnapshot & { readonly transactions: string };
type Sessions<Session> = (readonly [SessionID, Session])[];

type EmptyContent = Pick<Content, 'action' | 'id' | 'priority'>;

/** A session longer than this is sent in a separate message. */
const maxPieceLength = 100_000;

/**
 * Splits a stored CoValue into messages that cojson can load. The first one contains the header and, if more follow, the
 * final counts. Short sessions are packed together; long ones are split at their signatures. Throws if the history is erased
 * meanwhile; the caller can read the new state.
 */
export function contentPieces(
  snapshot: Snapshot,
  header: CoValueHeader,
  readMore: ReadMore,
): Iterable<Content> | AsyncIterable<Content> {
  const { id } = snapshot;
  const empty = { action: 'content', id, priority: cojsonInternals.getPriorityFromHeader(header) } as const;
  const first: Content = { ...empty, header, new: {} };
  const sessions: Sessions<SessionSnapshot> = [...snapshot.sessions];
  const read = sessions.filter(isRead);
  const unread = sessions.filter((session) => !isRead(session));
  const length = read.reduce((sum, [, { transactions }]) => sum + transactions.length, 0);
  if (unread.length > 0 || length > maxPieceLength) {
    first.expectContentUntil = Object.fromEntries(
      sessions.map(([sessionID, { lastIdx }]) => [sessionID, lastIdx]),
    );
  }
  const pieces = packed(first, empty, read);
  return unread.length > 0 ? withUnread(pieces, empty, unread, readMore) : pieces;
}

function isRead(session: Sessions<SessionSnapshot>[number]): session is Sessions<ReadSession>[number] {
  return session[1].transactions !== undefined;
}

async function* withUnread(
  pieces: Iterable<Content>,
  empty: EmptyContent,
  unread: Sessions<SessionSnapshot>,
  readMore: ReadMore,
): AsyncGenerator<Content> {
  yield* pieces;
  const short = unread.filter(([, { signatures }]) => signatures.length === 0);
  for (let start = 0; start < short.length; start += sessionsPerRead) {
    const group = await readShort(empty.id, short.slice(start, start + sessionsPerRead), readMore);
    yield* packed({ ...empty, new: {} }, empty, group);
  }
  for (const [sessionID, session] of unread) {
    if (session.signatures.length === 0) continue;
    for await (const piece of sessionPieces(empty.id, sessionID, session, 0, readMore)) {
      yield { ...empty, new: { [sessionID]: piece } };
    }
  }
}

async function readShort(
  id: RawCoID,
  sessions: Sessions<SessionSnapshot>,
  readMore: ReadMore,
): Promise<Sessions<ReadSession>> {
  const counts = new Map(sessions.map(([sessionID, { lastIdx }]) => [sessionID, lastIdx]));
  const texts = await readMore.sessions(id, counts);
  return sessions.map(([sessionID, session]) => {
    const transactions = texts.get(sessionID);
    if (transactions === undefined) throw erased();
    return [sessionID, { ...session, transactions }];
  });
}

function packed(first: Content, empty: EmptyContent, sessions: Sessions<ReadSession>): Generator<Content> {
  return packSessions(
    first,
    empty,
    sessions,
    ({ transactions }) => transactions.length,
    (session) => wholeSession(session),
  );
}

/**
 * Packs sessions, in order, into messages of about 100 kB. A session stays whole. `first` is the first message, and always
 * comes; the others have only what `empty` has.
 */
export function* packSessions<Session>(
  first: Content,
  { action, id, priority }: EmptyContent,
  sessions: Iterable<readonly [SessionID, Session]>,
  lengthOf: (session: Session) => number,
  contentOf: (session: Session) => SessionContent,
): Generator<Content> {
  let piece = first;
  let length = 0;
  for (const [sessionID, session] of sessions) {
    const added = lengthOf(session);
    if (length > 0 && length + added > maxPieceLength) {
      yield piece;
      piece = { action, id, priority, new: {} };
      length = 0;
    }
    piece.new[sessionID] = contentOf(session);
    length += added;
  }
  yield piece;
}

/** Like `contentPieces`, but for content beyond a known state, without the header. */
export async function* newerPieces(
  id: RawCoID,
  header: CoValueHeader,
  sessions: NewerSessions,
  readMore: Pick<ReadMore, 'transactions'>,
): AsyncGenerator<Content> {
  const empty = { action: 'content', id, priority: cojsonInternals.getPriorityFromHeader(header) } as const;
  for (const [sessionID, session] of sessions) {
    if (session.signatures.length === 0) {
      yield { ...empty, new: { [sessionID]: wholeSession(session, session.after) } };
      continue;
    }
    for await (const piece of sessionPieces(id, sessionID, session, session.after, readMore)) {
      yield { ...empty, new: { [sessionID]: piece } };
    }
  }
}

async function* sessionPieces(
  id: RawCoID,
  sessionID: SessionID,
  session: SessionSnapshot,
  from: number,
  readMore: Pick<ReadMore, 'transactions'>,
): AsyncGenerator<SessionContent> {
  let after = from;
  for (const { idx, signature } of cuts(session)) {
    const texts = await readMore.transactions(id, sessionID, after, idx + 1);
    if (texts.length !== idx + 1 - after) throw erased();
    yield { after, newTransactions: texts.map(parse), lastSignature: signature };
    after = idx + 1;
  }
}

function wholeSession({ transactions, lastSignature }: ReadSession, after = 0): SessionContent {
  const newTransactions = JSON.parse(`[${transactions}]`) as Transaction[];
  return { after, newTransactions, lastSignature };
}

/** The indices at which a session can be split: those with a stored signature, and its end. */
function cuts({ signatures, lastIdx, lastSignature }: SessionSnapshot): SessionSnapshot['signatures'] {
  const end = { idx: lastIdx - 1, signature: lastSignature };
  return signatures.at(-1)?.idx === end.idx ? signatures : [...signatures, end];
}

function erased(): Error {
  return new Error('The history was erased while it was being read.');
}

function parse(text: string): Transaction {
  return JSON.parse(text) as Transaction;
}
