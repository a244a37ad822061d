import type { LeftBehind, Tab, TabsNow } from '../../src/inspect/tabs/tabs-now.ts';
import { countWords, durationWords } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../headline.ts';

/** One line of the view: a tab, or sessions of earlier runs that left edits behind. */
export interface TabRow {
  /** The session id it is known by; of several sessions without a tab, `earlier`. */
  readonly id: string;
  readonly name: string;
  readonly session: string;
  readonly state: Fact;
  readonly does: string;
  /** CoValues. Undefined where nobody can know. */
  readonly unsynced: number | undefined;
  /** The unsynced are so many at most. */
  readonly isAtMost: boolean;
  readonly lastSign: string;
  readonly isThis: boolean;
  readonly tab: Tab | undefined;
  readonly left: LeftBehind | undefined;
}

export const earlierID = 'earlier';

export function rowsOf({ list, leftBehind }: TabsNow, nowMs: number): readonly TabRow[] {
  const isKnown = leftBehind !== 'unknown';
  const left = isKnown ? leftBehind : [];
  const isOfTab = new Set(list.flatMap(({ sessionIDs }) => sessionIDs));
  const earlier = left.filter(({ sessionID }) => !isOfTab.has(sessionID));
  const unsure = earlier.filter(({ certain }) => certain === 0);
  return [
    ...list.map((tab) => {
      const row = tabRow(tab, left, list, nowMs);
      return isKnown || tab.endedAtMs === undefined ? row : { ...row, unsynced: undefined };
    }),
    ...earlier.filter(({ certain }) => certain > 0).map((each) => earlierRow(each, list)),
    ...(unsure.length > 0 ? [unsureRow(unsure)] : []),
  ];
}

function tabRow(tab: Tab, left: readonly LeftBehind[], list: readonly Tab[], nowMs: number): TabRow {
  const [id = ''] = tab.sessionIDs;
  const own = left.find(({ sessionID }) => tab.sessionIDs.includes(sessionID));
  const isThis = tab.state === 'this';
  const isEnded = tab.endedAtMs !== undefined;
  return {
    id,
    name: tab.title === undefined ? 'Not known' : tab.title || 'Without a title',
    session: isEnded && !own ? 'none' : sessionWords(id),
    state: stateOf(tab),
    does: isEnded ? endedWords(tab, own, list) : doesWords(tab, left),
    // What a tab said before it ended may have arrived since.
    unsynced: isEnded ? (own?.coValues ?? 0) : tab.unconfirmed?.coValues,
    isAtMost: isEnded ? own !== undefined && own.certain < own.coValues : isUnsure(tab),
    lastSign: isThis ? 'now' : tab.heardAtMs === undefined ? 'none' : signWords(nowMs - tab.heardAtMs),
    ...{ isThis, tab, left: own },
  };
}

function isUnsure({ unconfirmed }: Tab): boolean {
  return unconfirmed !== undefined && unconfirmed.certain < unconfirmed.coValues;
}

function earlierRow(left: LeftBehind, list: readonly Tab[]): TabRow {
  return {
    id: left.sessionID,
    name: 'An earlier run',
    session: sessionWords(left.sessionID),
    state: { words: 'gone', tone: 'warn' },
    does: uploadWords(left, list),
    unsynced: left.coValues,
    isAtMost: left.certain < left.coValues,
    lastSign: 'none',
    ...{ isThis: false, tab: undefined, left },
  };
}

function unsureRow(all: readonly LeftBehind[]): TabRow {
  return {
    id: earlierID,
    name: 'Earlier runs',
    session: countWords(all.length, 'session'),
    state: { words: 'gone', tone: 'plain' },
    does: 'a relay has to say whose edits it lacks',
    unsynced: Math.max(...all.map(({ coValues }) => coValues)),
    isAtMost: true,
    lastSign: 'none',
    ...{ isThis: false, tab: undefined, left: all.length === 1 ? all[0] : undefined },
  };
}

function stateOf(tab: Tab): Fact {
  const { state, isVisible } = tab;
  switch (state) {
    case 'this':
    case 'there':
      return {
        words: isVisible === undefined ? 'there' : isVisible ? 'visible' : 'hidden',
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

function doesWords(tab: Tab, left: readonly LeftBehind[]): string {
  if (tab.state === 'silent') return 'holds its session, and does not answer';
  if (tab.state === 'unknown') return 'does not answer';
  if (tab.answer === 'other-version') return 'runs another version of the kernel';
  if (!tab.relays) return tab.state === 'there' ? 'has not answered yet' : '';
  const [first] = tab.relays;
  if (!first) return 'keeps its edits: sync is switched off';
  const connected = tab.relays.filter(({ phase }) => phase === 'connected');
  const worst = tab.relays.find(({ phase }) => phase !== 'connected') ?? first;
  if (connected.length === 0) return waitsWords(worst);
  const others = left.filter(({ uploader }) => uploader !== undefined && tab.sessionIDs.includes(uploader));
  const own = others.length > 0 ? 'uploads its own edits and others’' : 'uploads its own edits';
  return connected.length < tab.relays.length ? `${own}; ${waitsWords(worst)}` : own;
}

function waitsWords({ host, phase }: { readonly host: string; readonly phase: string }): string {
  switch (phase) {
    case 'connecting':
      return `connects to ${host}`;
    case 'offline':
      return 'is offline';
    case 'paused':
      return 'is paused';
    case 'failed':
      return `does not try ${host} again`;
    case 'closed':
      return `has ended its sync with ${host}`;
    default:
      return `waits for ${host}`;
  }
}

const ends = {
  frozen: 'gave its session up',
  left: 'closed, reloaded or left',
  gone: 'ended without a word',
} as const;

function endedWords({ state }: Tab, left: LeftBehind | undefined, list: readonly Tab[]): string {
  if (left) return uploadWords(left, list);
  return state === 'frozen' || state === 'left' || state === 'gone' ? ends[state] : '';
}

/** Who uploads what it left. */
export function uploadWords({ uploader }: LeftBehind, list: readonly Tab[]): string {
  if (uploader === undefined) return 'no tab has taken its edits over yet';
  const by = list.find(({ sessionIDs }) => sessionIDs.includes(uploader));
  if (by?.state === 'this') return 'this tab uploads its edits';
  return `${by?.title || sessionWords(uploader)} uploads its edits`;
}

/** Without the account, which is the same for all of them: eight first. */
export function sessionWords(sessionID: string): string {
  return sessionID.replace(/^.*_session_/, '').slice(0, 8);
}

export function accountOf(sessionID: string): string {
  return sessionID.replace(/_session_.*$/, '');
}

/** Who answers once a second has given a sign just now. */
export function signWords(ms: number): string {
  return ms < 2_000 ? 'now' : durationWords(ms);
}
