import { cojsonInternals } from 'cojson';
import {
  contentBytes,
  isDeleteSession,
  sessionsOf,
  type Content,
  type CoValueHeader,
  type KnownState,
  type SessionID,
} from '../../../engine/content.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';

type Reader = Pick<ReturnType<SqlStorage['openReader']>, 'readNewer'>;

/**
 * A place in the content of a CoValue, whose sessions are ordered by their IDs: behind so many transactions of this session. What is added later
 * changes nothing before it, but is newer. The session is empty if only the header comes before.
 */
export interface ContentPlace {
  readonly sessionID: string;
  readonly count: number;
}

export interface Message {
  readonly content: Content;
  /** Where it ends. */
  readonly end: ContentPlace;
}

/** What is sent of a stored CoValue. */
export interface Wanted {
  readonly header: CoValueHeader;
  /** What is stored. */
  readonly state: KnownState;
  /** What the client has; undefined if it may not have the header. */
  readonly known: KnownState | undefined;
}

const afterHeader: ContentPlace = { sessionID: '', count: 0 };
/** Sessions are packed together up to this length. */
const maxBytes = 100_000;
/** More than a session can have, for the database. */
const allOfSession = 2 ** 31 - 1;

/** Reads the messages that the client lacks, or those behind a place, in order. */
export async function* newerMessages(
  wanted: Wanted,
  from: ContentPlace | undefined,
  reader: Reader,
): AsyncGenerator<Message> {
  const { header, state } = wanted;
  const { id } = state;
  const empty = { action: 'content', id, priority: cojsonInternals.getPriorityFromHeader(header) } as const;
  let message: Content | undefined =
    wanted.known === undefined && from === undefined ? { ...empty, header, new: {} } : undefined;
  let end = from ?? afterHeader;
  let bytes = 0;
  for await (const piece of newerPieces(behind(wanted, from), reader)) {
    const added = contentBytes(piece);
    const isFull =
      bytes > 0 && (bytes + added > maxBytes || Object.keys(piece.new).some((key) => has(message, key)));
    if (message && isFull) {
      // cojson waits for the rest.
      if (message.header) message.expectContentUntil = { ...state.sessions };
      yield { content: message, end };
      message = undefined;
      bytes = 0;
    }
    message ??= { ...empty, new: {} };
    bytes += added;
    for (const [sessionID, session] of sessionsOf(piece)) {
      message.new[sessionID] = session;
      end = { sessionID, count: session.after + session.newTransactions.length };
    }
  }
  if (message) yield { content: message, end };
}

const has = (message: Content | undefined, sessionID: string) =>
  message !== undefined && sessionID in message.new;

/** The state that a client has that knows this much, and everything before the place. */
function behind({ state, known }: Wanted, from: ContentPlace | undefined): KnownState {
  const sessions: Record<SessionID, number> = { ...known?.sessions };
  if (from)
    for (const sessionID of Object.keys(state.sessions) as SessionID[]) {
      if (sessionID < from.sessionID) sessions[sessionID] = allOfSession;
      else if (sessionID === from.sessionID)
        sessions[sessionID] = Math.max(from.count, sessions[sessionID] ?? 0);
    }
  return { ...state, sessions };
}

/** Reads what is stored beyond this state, in pieces. */
export async function* newerPieces(known: KnownState, reader: Reader): AsyncGenerator<Content> {
  const sessions = { ...known.sessions };
  for (;;) {
    const newer = await reader.readNewer({ ...known, sessions });
    if (!newer) return;
    for await (const piece of newer.pieces) {
      const sent = newer.isDeleted ? deletionIn(piece) : piece;
      if (Object.keys(sent.new).length > 0) yield sent;
      for (const [sessionID, { after, newTransactions }] of Object.entries(piece.new))
        sessions[sessionID as SessionID] = after + newTransactions.length;
    }
    if (!newer.isPartial) return;
  }
}

/** Of a deleted CoValue, nothing else is sent. */
export function deletionIn({ expectContentUntil: _, ...piece }: Content): Content {
  return {
    ...piece,
    new: Object.fromEntries(Object.entries(piece.new).filter(([sessionID]) => isDeleteSession(sessionID))),
  };
}
