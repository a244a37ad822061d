import type { Clock } from '../../base/clock.ts';
import type { RefusalReason, RefusedContent } from './content-refusal.ts';

/** The sessions of which one client has sent content that was refused. */
export interface RefusedSessions {
  /** Returns whether the client should be notified: once per session. Of those beyond a rate, when they are sent again. */
  add(refused: RefusedContent): boolean;
  /** Why the latest content of the session was refused; undefined if it was not. */
  reasonFor(id: string, sessionID: string): RefusalReason | undefined;
  /** Returns whether earlier content of the session was refused. */
  remove(id: string, sessionID: string): boolean;
}

/** A client may forward others' sessions, as many as a hostile relay gave it. It stays connected. */
export const maxNotices = 1_000;
export const noticeSpanMs = 10_000;
export const maxRefusedSessions = 10_000;

interface Refusal {
  readonly reason: RefusalReason | undefined;
  readonly isNotified: boolean;
}

export function createRefusedSessions(clock: Pick<Clock, 'elapsedMs'>): RefusedSessions {
  const refusals = new Map<string, Refusal>();
  const keyOf = (id: string, sessionID: string) => `${id} ${sessionID}`;
  let notices = 0;
  let spanEndMs = 0;

  function mayNotify(): boolean {
    const nowMs = clock.elapsedMs();
    if (nowMs >= spanEndMs) {
      notices = 0;
      spanEndMs = nowMs + noticeSpanMs;
    }
    return ++notices <= maxNotices;
  }

  return {
    add({ id, sessionID, reason }) {
      const key = keyOf(id, sessionID);
      const known = refusals.get(key);
      const isNotice = known?.isNotified !== true && mayNotify();
      if (known || refusals.size < maxRefusedSessions)
        refusals.set(key, { reason, isNotified: isNotice || known?.isNotified === true });
      return isNotice;
    },
    reasonFor: (id, sessionID) => refusals.get(keyOf(id, sessionID))?.reason,
    remove(id, sessionID) {
      const key = keyOf(id, sessionID);
      const known = refusals.get(key);
      if (known?.reason === undefined) return false;
      refusals.set(key, { ...known, reason: undefined });
      return true;
    },
  };
}
