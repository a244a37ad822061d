import type { SyncInspection, TabsInspection, Unconfirmed } from '../../sync/inspection.ts';
import type { Overview } from '../snapshot/overview-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { LeftBehind, OtherTab, Tab, TabsNow } from '../snapshot/tab-facts.ts';
import { maxMissedPolls, endOf, isEnded, type Seen, type TabWatch } from './tab-watch.ts';

/** The known tabs. Without a channel to others, only this one. */
export function readTabs(
  { tabs, node }: SyncInspection,
  watch: TabWatch | undefined,
  overview: Overview,
): TabsNow {
  const thisTab = { state: 'this', unanswered: 0, lock: 'unknown', answer: 'none' } as const;
  if (!tabs || !watch) {
    const { pending, oldestSinceMs } = overview.rungs.confirmed;
    const unconfirmed: Unconfirmed = {
      coValues: pending,
      ...(oldestSinceMs !== undefined && { oldestSinceMs }),
      ids: [],
    };
    const relays = overview.relays.map(({ host, phase }) => ({ host, phase }));
    const only: Tab = { ...thisTab, sessionIDs: [node.currentSessionID], relays, unconfirmed };
    return { others: 'unreachable', locks: 'unknown', list: [only], leftBehind: 'unknown' };
  }
  const { askedAtMs, held } = watch;
  const unconfirmed = tabs.unconfirmed();
  const facts = tabs.describeThisTab(unconfirmed);
  const [ownID = ''] = facts.sessionIDs;
  const ownTab: Tab = { ...thisTab, ...facts, lock: held?.has(ownID) ? 'held' : 'unknown' };
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

export function describeOtherTabs(watch: TabWatch | undefined): readonly OtherTab[] {
  return [...(watch?.seen.values() ?? [])].flatMap(({ facts }) =>
    facts ? [{ sessionIDs: facts.sessionIDs, title: facts.title, relays: facts.relays }] : [],
  );
}

/** The other tab that sends a CoValue first. It may not have answered, and only some IDs of each tab are known. */
export function uploadersIn(
  tabs: TabsInspection,
  others: readonly OtherTab[],
  relays: readonly Pick<Relay, 'id'>[],
): (id: string) => Partial<OtherTab> | undefined {
  let bySession: ReadonlyMap<string, Unconfirmed> | undefined;
  return (id) => {
    if (!relays.some((relay) => tabs.isLeftToOther(relay.id, id))) return undefined;
    bySession ??= tabs.unconfirmed();
    const writers = [...bySession].flatMap(([sessionID, { ids }]) => (ids.includes(id) ? sessionID : []));
    return others.find(({ sessionIDs }) => sessionIDs.some((own) => writers.includes(own))) ?? {};
  };
}

/** Undefined for a tab that has not answered yet but still may. */
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
    unanswered,
    lock,
    answer,
    ...(isEnded(seen) && { endedAtMs: endOf(seen) }),
  };
}

function stateOf({ bye, goneAtMs, unanswered }: Seen, lock: Tab['lock']): Tab['state'] {
  if (bye) return bye.isFrozen ? 'frozen' : 'left';
  if (goneAtMs !== undefined) return 'gone';
  if (unanswered < maxMissedPolls) return 'there';
  return lock === 'held' ? 'silent' : 'unknown';
}

function byPresence(a: Tab, b: Tab): number {
  const { endedAtMs: aEnd = Infinity, sinceMs: aSince = Infinity } = a;
  const { endedAtMs: bEnd = Infinity, sinceMs: bSince = Infinity } = b;
  return (
    compareNumbers(bEnd, aEnd) ||
    compareNumbers(aSince, bSince) ||
    (a.sessionIDs[0] ?? '').localeCompare(b.sessionIDs[0] ?? '')
  );
}

function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Whether every present tab has had time to answer. */
function isSettled({ asks, held }: TabWatch): boolean {
  return asks >= (held ? 1 : maxMissedPolls);
}

/** Bounded, because an account opened often has had many sessions. */
const maxLeftBehind = 100;
const formerStates = ['frozen', 'left', 'gone'] as const;

function leftBehindOf(
  tabs: TabsInspection,
  bySession: ReadonlyMap<string, Unconfirmed>,
  list: readonly Tab[],
  held: ReadonlySet<string> | undefined,
): readonly LeftBehind[] {
  const endedBy = (sessionID: string): LeftBehind['by'] | undefined => {
    const tab = list.find(({ sessionIDs }) => sessionIDs.includes(sessionID));
    if (!tab) return held?.has(sessionID) ? undefined : 'earlier-run';
    return formerStates.find((state) => state === tab.state);
  };
  return [...bySession]
    .flatMap(([sessionID, unconfirmed]): readonly LeftBehind[] => {
      const by = endedBy(sessionID);
      if (!by) return [];
      const uploader = tabs.uploaderOf(sessionID, unconfirmed.ids);
      return [{ sessionID, by, ...unconfirmed, ...(uploader !== undefined && { uploader }) }];
    })
    .sort((a, b) => compareNumbers(a.oldestSinceMs ?? 0, b.oldestSinceMs ?? 0))
    .slice(0, maxLeftBehind);
}
