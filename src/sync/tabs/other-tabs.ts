import type { KnownCounts } from '../../engine/known-counts.ts';

/** The account's other tabs that have sent a message. */
export interface OtherTabs {
  readonly ownName: string;
  readonly present: ReadonlySet<string>;
  /** Includes tabs that are gone. */
  readonly wereAny: boolean;
  /** The tab has sent a message. Returns its name. */
  seen(sessionID: string): string;
  gone(tab: string): void;
  /** Known counts or contents by session, without those of this tab, which only this tab can have written. */
  withoutOwn<T>(bySession: Readonly<Record<string, T>>): Record<string, T>;
  /** The known counts of sessions that belong to a tab this one has ever received a message from. */
  ofOthers(counts: KnownCounts): KnownCounts;
  /** The tab that uploads what this session has written: its own tab or, if that is gone, the first of the present ones. */
  uploaderOf(sessionID: string): string;
}

/** A tab may write under several sessions. The first one names it. */
export function createOtherTabs(...ownSessionIDs: readonly [string, ...string[]]): OtherTabs {
  const ownName = tabOf(ownSessionIDs[0]);
  const ownTabs = new Set(ownSessionIDs.map(tabOf));
  const others = new Set<string>();
  const everSeen = new Set<string>();

  return {
    ownName,
    present: others,
    get wereAny() {
      return everSeen.size > 0;
    },
    seen(sessionID) {
      const tab = tabOf(sessionID);
      if (ownTabs.has(tab)) return ownName;
      others.add(tab);
      everSeen.add(tab);
      return tab;
    },
    gone: (tab) => void others.delete(tab),
    withoutOwn: (bySession) =>
      Object.fromEntries(Object.entries(bySession).filter(([sessionID]) => !ownTabs.has(tabOf(sessionID)))),
    ofOthers: (counts) =>
      Object.fromEntries(Object.entries(counts).filter(([sessionID]) => everSeen.has(tabOf(sessionID)))),
    uploaderOf(sessionID) {
      const tab = tabOf(sessionID);
      if (ownTabs.has(tab)) return ownName;
      if (others.has(tab)) return tab;
      return [...others].reduce((first, other) => (other < first ? other : first), ownName);
    },
  };
}

/** The account's own content is written under its agent's session ID, which has the suffix of the tab's session ID. */
export function tabOf(sessionID: string): string {
  const at = sessionID.indexOf('_session_');
  return at === -1 ? sessionID : sessionID.slice(at);
}
