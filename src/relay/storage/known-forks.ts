import type { Content } from '../../engine/content.ts';
import { withoutForks, type Fork } from './find-forks.ts';

/** Numbers forks, to recognize content and acknowledgements that were queued before a fork and may contain its branch. */
export interface KnownForks {
  /** Record it with each queued item. */
  readonly count: number;
  add(fork: Fork): void;
  /** Removes the sessions of refused branches. */
  strip(content: Content, since: number): Content;
  /** Whether a fork was found after `since`, in this CoValue or, without an ID, in any CoValue. */
  hasAny(id: string | undefined, since: number): boolean;
  /** Call once nothing of the CoValue is queued that was queued before the fork of this number. */
  forget(id: string, number: number): void;
}

interface NumberedForks {
  latest: number;
  readonly bySession: Map<string, number>;
}

export function createKnownForks(): KnownForks {
  const forksByID = new Map<string, NumberedForks>();
  let count = 0;

  const latestOf = (id: string) => forksByID.get(id)?.latest ?? 0;

  return {
    get count() {
      return count;
    },
    add({ id, sessionID }) {
      const forks = forksByID.get(id) ?? { latest: 0, bySession: new Map<string, number>() };
      forksByID.set(id, forks);
      forks.latest = ++count;
      forks.bySession.set(sessionID, count);
    },
    strip(content, since) {
      const forks = forksByID.get(content.id);
      if (!forks || forks.latest <= since) return content;
      return withoutForks(content, (sessionID) => (forks.bySession.get(sessionID) ?? 0) > since);
    },
    hasAny: (id, since) => (id === undefined ? count : latestOf(id)) > since,
    forget(id, number) {
      if (latestOf(id) <= number) forksByID.delete(id);
    },
  };
}
