import type { LeftBehind, Tab, TabsNow } from '../../src/inspect/snapshot/tab-facts.ts';
import { formatDuration } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

/** A row of the view: a tab, or the session of an earlier run that left edits. */
export interface TabRow {
  /** The session ID. */
  readonly id: string;
  readonly name: string;
  readonly session: string;
  readonly state: Fact;
  readonly does: string;
  /** The number of CoValues. Undefined if unknown. */
  readonly unsynced: number | undefined;
  readonly lastSign: string;
  readonly isThis: boolean;
  readonly tab: Tab | undefined;
  readonly left: LeftBehind | undefined;
}

export function rowsOf({ list, leftBehind }: TabsNow, nowMs: number): readonly TabRow[] {
  const isKnown = leftBehind !== 'unknown';
  const left = isKnown ? leftBehind : [];
  const isOfTab = new Set(list.flatMap(({ sessionIDs }) => sessionIDs));
  const earlier = left.filter(({ sessionID }) => !isOfTab.has(sessionID));
  return [
    ...list.map((tab) => {
      const row = tabRow(tab, left, list, nowMs);
      return isKnown || tab.endedAtMs === undefined ? row : { ...row, unsynced: undefined };
    }),
    ...earlier.map((session) => earlierRow(session, list)),
  ];
}

function tabRow(tab: Tab, left: readonly LeftBehind[], list: readonly Tab[], nowMs: number): TabRow {
  const [id = ''] = tab.sessionIDs;
  const leftByTab = left.find(({ sessionID }) => tab.sessionIDs.includes(sessionID));
  const isThis = tab.state === 'this';
  const isEnded = tab.endedAtMs !== undefined;
  return {
    id,
    name: tab.title === undefined ? 'Unknown' : tab.title || 'Untitled',
    session: isEnded && !leftByTab ? 'none' : formatSession(id),
    state: stateOf(tab),
    does: isEnded ? describeEnd(tab, leftByTab, list) : describeActivity(tab, left),
    // An ended tab's last report may be outdated.
    unsynced: isEnded ? (leftByTab?.coValues ?? 0) : tab.unconfirmed?.coValues,
    lastSign: isThis ? 'now' : tab.heardAtMs === undefined ? 'none' : formatSignAge(nowMs - tab.heardAtMs),
    ...{ isThis, tab, left: leftByTab },
  };
}

function earlierRow(left: LeftBehind, list: readonly Tab[]): TabRow {
  return {
    id: left.sessionID,
    name: 'An earlier run',
    session: formatSession(left.sessionID),
    state: { words: 'gone', tone: 'warn' },
    does: describeUpload(left, list),
    unsynced: left.coValues,
    lastSign: 'none',
    ...{ isThis: false, tab: undefined, left },
  };
}

function stateOf(tab: Tab): Fact {
  const { state, isVisible } = tab;
  switch (state) {
    case 'this':
    case 'there':
      return {
        words: isVisible === undefined ? 'open' : isVisible ? 'visible' : 'hidden',
        tone: 'plain',
      };
    case 'silent':
    case 'unknown':
      return { words: 'silent', tone: 'warn' };
    case 'frozen':
      return { words: 'frozen', tone: 'warn' };
    case 'left':
      return { words: 'left', tone: 'plain' };
    case 'gone':
      return { words: 'gone', tone: 'warn' };
  }
}

function describeActivity(tab: Tab, left: readonly LeftBehind[]): string {
  if (tab.state === 'silent') return 'holds its session but does not answer';
  if (tab.state === 'unknown') return 'does not answer';
  if (tab.answer === 'other-version') return 'runs another version of the kernel';
  if (!tab.relays) return tab.state === 'there' ? 'has not answered yet' : '';
  const [first] = tab.relays;
  if (!first) return 'only saves: sync is switched off';
  const connected = tab.relays.filter(({ phase }) => phase === 'connected');
  const worst = tab.relays.find(({ phase }) => phase !== 'connected') ?? first;
  if (connected.length === 0) return describeWait(worst);
  const others = left.filter(({ uploader }) => uploader !== undefined && tab.sessionIDs.includes(uploader));
  const uploads = others.length > 0 ? 'uploads its own and others’ edits' : 'uploads its own edits';
  return connected.length < tab.relays.length ? `${uploads}; ${describeWait(worst)}` : uploads;
}

function describeWait({ host, phase }: { readonly host: string; readonly phase: string }): string {
  switch (phase) {
    case 'connecting':
      return `connects to ${host}`;
    case 'offline':
      return 'is offline';
    case 'paused':
      return 'is paused';
    case 'failed':
      return `no longer tries ${host}`;
    case 'closed':
      return `ended sync with ${host}`;
    default:
      return `waits for ${host}`;
  }
}

const ends = {
  frozen: 'gave up its session',
  left: 'closed, reloaded or navigated away',
  gone: 'ended unexpectedly',
} as const;

function describeEnd({ state }: Tab, left: LeftBehind | undefined, list: readonly Tab[]): string {
  if (left) return describeUpload(left, list);
  return state === 'frozen' || state === 'left' || state === 'gone' ? ends[state] : '';
}

/** Names the tab that uploads the edits left behind. */
export function describeUpload({ uploader }: LeftBehind, list: readonly Tab[]): string {
  if (uploader === undefined) return 'no tab has taken over its edits yet';
  const by = list.find(({ sessionIDs }) => sessionIDs.includes(uploader));
  if (by?.state === 'this') return 'this tab uploads the edits';
  return `${by?.title || formatSession(uploader)} uploads the edits`;
}

/** The first eight characters after the account ID, which is the same for all rows. */
export function formatSession(sessionID: string): string {
  return sessionID.replace(/^.*_session_/, '').slice(0, 8);
}

export function accountOf(sessionID: string): string {
  return sessionID.replace(/_session_.*$/, '');
}

/** A live tab answers once a second, so show a recent answer as "now". */
export function formatSignAge(ms: number): string {
  return ms < 2_000 ? 'now' : formatDuration(ms);
}
