import type { LocalNode } from 'cojson';
import {
  sessionsOf,
  type Content,
  type CoValueHeader,
  type SessionContent,
} from '../../../src/engine/content.ts';

export interface Piece {
  readonly id: string;
  readonly sessionID: string;
  readonly content: SessionContent;
}

/** All that the hostile relay has, in the pieces in which it arrived. It can hand over any of them, in any order. */
export interface Log {
  readonly headers: ReadonlyMap<string, CoValueHeader>;
  readonly ids: () => readonly string[];
  /** Takes what is new of these sessions, or of all. Returns it. */
  take(node: LocalNode, id: string, sessionIDs?: readonly string[]): readonly Piece[];
  piecesOf(id: string): ReadonlyMap<string, readonly Piece[]>;
  countOf(id: string, sessionID: string): number;
}

export function createLog(): Log {
  const headers = new Map<string, CoValueHeader>();
  const sessions = new Map<string, Map<string, Piece[]>>();
  const piecesOf = (id: string) => sessions.get(id) ?? new Map<string, Piece[]>();
  const countOf = (id: string, sessionID: string) => {
    const last = piecesOf(id).get(sessionID)?.at(-1)?.content;
    return last ? last.after + last.newTransactions.length : 0;
  };

  return {
    headers,
    ids: () => [...headers.keys()],
    piecesOf,
    countOf,
    take(node, id, sessionIDs) {
      const core = node.getCoValue(id as Content['id']);
      const { verified } = core;
      if (!verified) return [];
      const isNew = (sessionID: string) =>
        (verified.getTransactionsCount(sessionID as never) ?? 0) > countOf(id, sessionID);
      if (sessionIDs && headers.has(id) && !sessionIDs.some(isNew)) return [];
      headers.set(id, verified.header);
      const known = Object.fromEntries([...piecesOf(id).keys()].map((one) => [one, countOf(id, one)]));
      const messages = core.newContentSince({ id: core.id, header: true, sessions: known }) ?? [];
      const taken = messages
        .flatMap((message) => sessionsOf(message))
        .filter(([sessionID]) => !sessionIDs || sessionIDs.includes(sessionID))
        .map(([sessionID, content]) => ({ id, sessionID, content: structuredClone(content) }));
      const pieces = piecesOf(id);
      sessions.set(id, pieces);
      for (const piece of taken) pieces.set(piece.sessionID, [...(pieces.get(piece.sessionID) ?? []), piece]);
      return taken;
    },
  };
}

/** A message with these pieces. Pieces of one session have to follow each other. */
export function messageOf(log: Log, id: string, pieces: readonly Piece[], hasHeader: boolean): Content {
  const merged = new Map<string, SessionContent>();
  for (const { sessionID, content } of pieces) {
    const before = merged.get(sessionID);
    merged.set(
      sessionID,
      before
        ? {
            ...content,
            after: before.after,
            newTransactions: [...before.newTransactions, ...content.newTransactions],
          }
        : content,
    );
  }
  const header = hasHeader ? { header: log.headers.get(id) } : {};
  return structuredClone({
    action: 'content',
    id,
    priority: 3,
    new: Object.fromEntries(merged),
    ...header,
  }) as Content;
}
