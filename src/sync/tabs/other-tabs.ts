import type { Coverage } from '../../engine/known-counts.ts';

/** Which tabs of the account are there, as far as they have said so. One that crashed is found out when it stays silent. */
export interface OtherTabs {
  /** The name of this one. */
  readonly own: string;
  readonly count: number;
  /** Also such as are gone. */
  readonly wereAny: boolean;
  /** It has said something. Answers its name. */
  heard(sessionID: string): string;
  silent(tab: string): void;
  has(tab: string): boolean;
  /** A coverage, or contents, by session: without those of this tab, which nobody else can have written. */
  withoutOwn<T>(bySession: Readonly<Record<string, T>>): Record<string, T>;
  /** Of a coverage, what other tabs have written of which this one has heard, however long ago. */
  ofOthers(coverage: Coverage): Coverage;
  /** Who uploads what this session has written: its own tab, or, where that is gone, the first of those that are there. */
  uploaderOf(sessionID: string): string;
}

export function createOtherTabs(ownSessionID: string): OtherTabs {
  const own = tabOf(ownSessionID);
  const others = new Set<string>();
  const everHeard = new Set<string>();

  return {
    own,
    get count() {
      return others.size;
    },
    get wereAny() {
      return everHeard.size > 0;
    },
    heard(sessionID) {
      const tab = tabOf(sessionID);
      if (tab === own) return tab;
      others.add(tab);
      everHeard.add(tab);
      return tab;
    },
    silent: (tab) => void others.delete(tab),
    has: (tab) => others.has(tab),
    withoutOwn: (bySession) =>
      Object.fromEntries(Object.entries(bySession).filter(([sessionID]) => tabOf(sessionID) !== own)),
    ofOthers: (coverage) =>
      Object.fromEntries(Object.entries(coverage).filter(([sessionID]) => everHeard.has(tabOf(sessionID)))),
    uploaderOf(sessionID) {
      const tab = tabOf(sessionID);
      if (tab === own || others.has(tab)) return tab;
      return [...others].reduce((first, other) => (other < first ? other : first), own);
    },
  };
}

/** An account's first content is written under the id of its agent: what a tab writes under either has the same end. */
export function tabOf(sessionID: string): string {
  const at = sessionID.indexOf('_session_');
  return at === -1 ? sessionID : sessionID.slice(at);
}
