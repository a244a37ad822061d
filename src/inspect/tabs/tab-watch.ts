import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import type { TabFacts, TabsInspection } from '../../sync/inspection.ts';
import { readTabNews, type TabNews } from './tab-news.ts';

/** Asks the other tabs who is there, while anybody looks, and keeps what there is of evidence. */
export interface TabWatch {
  /** Undefined while nobody looks. */
  readonly askedAtMs: number | undefined;
  /** How often was asked that had the time to be answered. */
  readonly asks: number;
  /** Undefined until the browser has told, and where it does not. */
  readonly held: ReadonlySet<string> | undefined;
  /** By the first of the session ids of a tab. */
  readonly seen: ReadonlyMap<string, Seen>;
  start(): void;
  stop(): void;
}

/** What is known of another tab. */
export interface Seen {
  readonly sessionID: string;
  /** Absent where only its lock is known. */
  readonly heardAtMs?: number;
  readonly facts?: TabFacts;
  readonly answer: 'read' | 'other-version' | 'none';
  /** How often it was asked since it said anything, and did not answer in time. */
  readonly unanswered: number;
  /** What it said last. */
  readonly bye?: { readonly isFrozen: boolean; readonly atMs: number };
  /** So that a lock that is free says something. */
  readonly wasHeld: boolean;
  /** When it was found to be gone without a word. */
  readonly goneAtMs?: number;
}

const askEveryMs = 1_000;
/** So often in vain, each time with a second to answer, and a tab is doubted. */
export const doubtedAfter = 2;
/** Any page of the origin can post, under as many names as it likes. */
const mostSeen = 100;
/** Of those that are not there any more. */
const mostEnded = 20;

export function createTabWatch(options: {
  readonly tabs: TabsInspection;
  readonly clock: Clock;
  /** Somebody came, went, or says something else than before. */
  readonly onChange: () => void;
}): TabWatch {
  const { tabs, clock, onChange } = options;
  const seen = new Map<string, Seen>();
  let held: ReadonlySet<string> | undefined;
  let askedAtMs: number | undefined;
  let asks = 0;
  /** While nobody looks, undefined. */
  let end: (() => void) | undefined;

  function hear(data: unknown): void {
    const news = readTabNews(data);
    if (!news) return;
    const before = seen.get(news.from);
    if (!before && seen.size >= mostSeen) return;
    const next = after(before, news, clock.nowMs());
    seen.set(news.from, next);
    if (!before || !isEqual(withoutTimes(before), withoutTimes(next))) changed();
  }

  function ask(): void {
    if (!tabs.isOpen) return; // This page is set aside itself.
    if (askedAtMs !== undefined) {
      asks++;
      for (const [id, tab] of seen) {
        const isAwaited = !isEnded(tab) && (tab.heardAtMs ?? -Infinity) < askedAtMs;
        if (isAwaited) seen.set(id, { ...tab, unanswered: tab.unanswered + 1 });
      }
    }
    askedAtMs = clock.nowMs();
    tabs.ask();
    const asked = end;
    void tabs.heldSessionIDs().then((ids) => {
      if (asked === end) compare(ids && new Set(ids));
    });
  }

  /** What the tabs say with what the browser says of their locks. */
  function compare(now: ReadonlySet<string> | undefined): void {
    held = now;
    if (!held) return;
    const own = tabs.own().sessionIDs;
    for (const id of held) {
      const tab = seen.get(id);
      if (own.includes(id) || tab?.wasHeld) continue;
      if (tab) seen.set(id, { ...tab, wasHeld: true });
      else if (seen.size < mostSeen) seen.set(id, { ...unheard, sessionID: id, wasHeld: true });
    }
    for (const [id, tab] of seen) {
      if (held.has(id) || isEnded(tab)) continue;
      if (tab.heardAtMs === undefined) seen.delete(id);
      else if (tab.wasHeld && tab.unanswered >= doubtedAfter) {
        seen.set(id, { ...tab, goneAtMs: clock.nowMs() });
        changed();
      }
    }
  }

  function changed(): void {
    const ended = [...seen.values()].filter(isEnded).sort((a, b) => endOf(b) - endOf(a));
    for (const { sessionID } of ended.slice(mostEnded)) seen.delete(sessionID);
    onChange();
  }

  return {
    get askedAtMs() {
      return askedAtMs;
    },
    get asks() {
      return asks;
    },
    get held() {
      return held;
    },
    seen,
    start() {
      if (end) return;
      const stopListening = tabs.listen(hear);
      let cancel = () => {};
      const again = () => {
        cancel = clock.after(askEveryMs, again);
        ask();
      };
      end = () => {
        stopListening();
        cancel();
      };
      again();
    },
    stop() {
      end?.();
      end = undefined;
      seen.clear();
      held = undefined;
      askedAtMs = undefined;
      asks = 0;
    },
  };
}

const unheard = { answer: 'none', unanswered: 0 } as const;

function after(before: Seen | undefined, news: TabNews, atMs: number): Seen {
  const { bye: _, goneAtMs: __, ...known } = before ?? { ...unheard, sessionID: news.from, wasHeld: false };
  const heard = { ...known, heardAtMs: atMs, unanswered: 0 };
  if (news.kind === 'bye') return { ...heard, bye: { isFrozen: news.isFrozen === true, atMs } };
  if (news.kind === 'sign') return heard;
  const { facts: ___, ...rest } = heard;
  return news.facts ? { ...rest, facts: news.facts, answer: 'read' } : { ...rest, answer: 'other-version' };
}

export function isEnded({ bye, goneAtMs }: Seen): boolean {
  return bye !== undefined || goneAtMs !== undefined;
}

/** When it ended. */
export function endOf({ bye, goneAtMs }: Seen): number {
  return bye?.atMs ?? goneAtMs ?? Infinity;
}

function withoutTimes({ heardAtMs: _, ...tab }: Seen): Omit<Seen, 'heardAtMs'> {
  return tab;
}
