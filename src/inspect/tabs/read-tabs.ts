import type { SyncInspection, TabsInspection, Unconfirmed } from '../../sync/inspection.ts';
import type { Overview } from '../snapshot.ts';
import { doubtedAfter, endOf, isEnded, type Seen, type TabWatch } from './tab-watch.ts';
import type { LeftBehind, Tab, TabsNow } from './tabs-now.ts';

/** The tabs as they are known now. Without a line to others, that is this one. */
export function readTabs(
  { tabs, node }: SyncInspection,
  watch: TabWatch | undefined,
  overview: Overview,
): TabsNow {
  const own = { state: 'this', unanswered: 0, lock: 'unknown', answer: 'none' } as const;
  if (!tabs || !watch) {
    const { pending, oldestSinceMs } = overview.rungs.confirmed;
    const unconfirmed: Unconfirmed = {
      ...{ coValues: pending, certain: pending },
      ...(oldestSinceMs !== undefined && { oldestSinceMs }),
      ids: [],
    };
    const relays = overview.relays.map(({ host, phase }) => ({ host, phase }));
    const only: Tab = { ...own, sessionIDs: [node.currentSessionID], relays, unconfirmed };
    return { others: 'unreachable', locks: 'unknown', list: [only], leftBehind: 'unknown' };
  }
  const { askedAtMs, held } = watch;
  const unconfirmed = tabs.unconfirmed();
  const facts = tabs.own(unconfirmed);
  const [ownID = ''] = facts.sessionIDs;
  const ownTab: Tab = { ...own, ...facts, lock: held?.has(ownID) ? 'held' : 'unknown' };
  const others = [...watch.seen.values()].flatMap((seen) => toTab(seen, held) ?? []).sort(byPresence);
  const list = [ownTab, ...others];
  return {
    others: askedAtMs !== undefined ? 'asked' : tabs.isOpen ? 'not-asked' : 'unreachable',
    ...(askedAtMs !== undefined && { askedAtMs }),
    locks: held ? 'read' : 'unknown',
    list,
    leftBehind: isSettled(watch) ? leftBehindOf(tabs, unconfirmed, list, held) : 'unknown',
  };
}

/** Undefined for one of which nothing was heard, and which may be about to speak. */
function toTab(seen: Seen, held: ReadonlySet<string> | undefined): Tab | undefined {
  const { sessionID, facts, heardAtMs, unanswered, answer, wasHeld } = seen;
  const lock = held?.has(sessionID) ? 'held' : held && wasHeld ? 'free' : 'unknown';
  const state = stateOf(seen, lock);
  if (state === 'there' && heardAtMs === undefined) return undefined;
  return {
    ...facts,
    sessionIDs: facts?.sessionIDs ?? [sessionID],
    state,
    ...(heardAtMs !== undefined && { heardAtMs }),
    ...{ unanswered, lock, answer },
    ...(isEnded(seen) && { endedAtMs: endOf(seen) }),
  };
}

function stateOf({ bye, goneAtMs, unanswered }: Seen, lock: Tab['lock']): Tab['state'] {
  if (bye) return bye.isFrozen ? 'frozen' : 'left';
  if (goneAtMs !== undefined) return 'gone';
  if (unanswered < doubtedAfter) return 'there';
  return lock === 'held' ? 'silent' : 'unknown';
}

function byPresence(a: Tab, b: Tab): number {
  const { endedAtMs: aEnd = Infinity, sinceMs: aSince = Infinity } = a;
  const { endedAtMs: bEnd = Infinity, sinceMs: bSince = Infinity } = b;
  return (
    compare(bEnd, aEnd) ||
    compare(aSince, bSince) ||
    (a.sessionIDs[0] ?? '').localeCompare(b.sessionIDs[0] ?? '')
  );
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Whether every tab that is there has had the time to say so. */
function isSettled({ asks, held }: TabWatch): boolean {
  return asks >= (held ? 1 : doubtedAfter);
}

/** An account that was often opened has had many sessions. */
const mostLeftBehind = 100;
const notThere = ['frozen', 'left', 'gone'] as const;

function leftBehindOf(
  tabs: TabsInspection,
  bySession: ReadonlyMap<string, Unconfirmed>,
  list: readonly Tab[],
  held: ReadonlySet<string> | undefined,
): readonly LeftBehind[] {
  const byOf = (sessionID: string): LeftBehind['by'] | undefined => {
    const tab = list.find(({ sessionIDs }) => sessionIDs.includes(sessionID));
    if (!tab) return held?.has(sessionID) ? undefined : 'earlier-run';
    return notThere.find((state) => state === tab.state);
  };
  return [...bySession]
    .flatMap(([sessionID, unconfirmed]): readonly LeftBehind[] => {
      const by = byOf(sessionID);
      if (!by) return [];
      const uploader = tabs.uploaderOf(sessionID, unconfirmed.ids);
      return [{ sessionID, by, ...unconfirmed, ...(uploader !== undefined && { uploader }) }];
    })
    .sort((a, b) => compare(rankOf(a), rankOf(b)))
    .slice(0, mostLeftBehind);
}

/** What is certain is the first, and of that the oldest. */
function rankOf({ certain, oldestSinceMs = 0 }: LeftBehind): number {
  return certain > 0 ? oldestSinceMs - Number.MAX_SAFE_INTEGER : oldestSinceMs;
}
