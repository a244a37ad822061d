import { forkKey, type Fork } from '../find-forks.ts';
import type { SessionRow } from './write-plan.ts';

/** The session rows that this relay wrote last. Another relay or an erasure may have changed them since. */
export interface RecentSessions {
  get(session: Fork): SessionRow | undefined;
  add(rows: readonly SessionRow[]): void;
  clear(): void;
}

/** About 5 MB. Evicted sessions are read again at their next write. */
const maxRows = 10_000;

export function createRecentSessions(): RecentSessions {
  /** Ordered by time of writing, oldest first. */
  const rowsByKey = new Map<string, SessionRow>();

  return {
    get: (session) => rowsByKey.get(forkKey(session)),
    add(rows) {
      for (const row of rows) {
        const key = forkKey({ id: row.covalueID, sessionID: row.sessionID });
        rowsByKey.delete(key);
        rowsByKey.set(key, row);
      }
      for (const key of rowsByKey.keys()) {
        if (rowsByKey.size <= maxRows) break;
        rowsByKey.delete(key);
      }
    },
    clear: () => rowsByKey.clear(),
  };
}
