import type { RefusalReason, RefusedContent } from './content-refusal.ts';

/** The sessions of which one client has sent content that was refused. */
export interface RefusedSessions {
  /** Returns whether the client should be notified: once per session, and of a limited number of sessions. */
  add(refused: RefusedContent): boolean;
  /** Why the latest content of the session was refused; undefined if it was not. */
  reasonFor(id: string, sessionID: string): RefusalReason | undefined;
  /** Returns whether earlier content of the session was refused. */
  remove(id: string, sessionID: string): boolean;
}

/** A client may forward others' sessions, as many as a hostile relay gave it. It stays connected. */
export const maxNotices = 1_000;
export const maxRefusedSessions = 10_000;

export function createRefusedSessions(): RefusedSessions {
  const reasons = new Map<string, RefusalReason | undefined>();
  const keyOf = (id: string, sessionID: string) => `${id} ${sessionID}`;

  return {
    add({ id, sessionID, reason }) {
      const key = keyOf(id, sessionID);
      const isNew = !reasons.has(key);
      if (!isNew || reasons.size < maxRefusedSessions) reasons.set(key, reason);
      return isNew && reasons.size <= maxNotices;
    },
    reasonFor: (id, sessionID) => reasons.get(keyOf(id, sessionID)),
    remove(id, sessionID) {
      const key = keyOf(id, sessionID);
      if (reasons.get(key) === undefined) return false;
      reasons.set(key, undefined);
      return true;
    },
  };
}
