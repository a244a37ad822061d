import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import type { TabFacts, TabsInspection } from '../../sync/inspection.ts';
import { readTabNews, type TabNews } from './tab-news.ts';

export interface TabWatch {
  /** Undefined while stopped. */
  readonly askedAtMs: number | undefined;
  /** Number of polls that tabs had time to answer. */
  readonly asks: number;
  /** Session IDs whose locks are held. Undefined until the browser answers, or without Web Locks. */
  readonly held: ReadonlySet<string> | undefined;
  /** By a tab's first session ID. */
  readonly seen: ReadonlyMap<string, Seen>;
  start(): void;
  stop(): void;
}

export interface Seen {
  readonly sessionID: string;
  /** Absent if only its lock is known. */
  readonly heardAtMs?: number;
  readonly facts?: TabFacts;
  readonly answer: 'read' | 'other-version' | 'none';
  /** Missed polls since its last message. */
  readonly unanswered: number;
  /** Its announced end, unless it has posted since. */
  readonly bye?: { readonly isFrozen: boolean; readonly atMs: number };
  /** A free lock is evidence only if it was held before. */
  readonly wasHeld: boolean;
  /** When its unannounced end was noticed. */
  readonly goneAtMs?: number;
}

const pollIntervalMs = 1_000;
/** Polls of a second each that a tab may miss before it no longer counts as present. */
export const maxMissedPolls = 2;
/** Bounded, because any page of the origin can post under any number of names. */
const maxSeen = 100;
const maxEnded = 20;

export function createTabWatch(options: {
  readonly tabs: TabsInspection;
  readonly clock: Clock;
  readonly onChange: () => void;
}): TabWatch {
  const { tabs, clock, onChange } = options;
  const seen = new Map<string, Seen>();
  let held: ReadonlySet<string> | undefined;
  let askedAtMs: number | undefined;
  let asks = 0;
  /** Undefined while stopped. */
  let end: (() => void) | undefined;

  function receive(data: unknown): void {
    const news = readTabNews(data);
    if (!news) return;
    const before = seen.get(news.from);
    if (!before && seen.size >= maxSeen) return;
    const next = after(before, news, clock.nowMs());
    seen.set(news.from, next);
    if (!before || !isEqual(withoutTimes(before), withoutTimes(next))) changed();
  }

  function poll(): void {
    if (!tabs.isOpen) return; // This page is frozen, or it has no channel.
    if (askedAtMs !== undefined) {
      asks++;
      for (const [id, tab] of seen) {
        const isAwaited = !isEnded(tab) && (tab.heardAtMs ?? -Infinity) < askedAtMs;
        if (isAwaited) seen.set(id, { ...tab, unanswered: tab.unanswered + 1 });
      }
    }
    askedAtMs = clock.nowMs();
    tabs.ask();
    const polledRun = end;
    void tabs.heldSessionIDs().then((ids) => {
      if (polledRun === end) compareWithLocks(ids && new Set(ids));
    });
  }

  /** Compares the tabs' messages with their locks. */
  function compareWithLocks(now: ReadonlySet<string> | undefined): void {
    held = now;
    if (!held) return;
    const ownSessionIDs = tabs.describeThisTab().sessionIDs;
    for (const id of held) {
      const tab = seen.get(id);
      if (ownSessionIDs.includes(id) || tab?.wasHeld) continue;
      if (tab) seen.set(id, { ...tab, wasHeld: true });
      else if (seen.size < maxSeen) seen.set(id, { ...noEvidence, sessionID: id, wasHeld: true });
    }
    for (const [id, tab] of seen) {
      if (held.has(id) || isEnded(tab)) continue;
      if (tab.heardAtMs === undefined) seen.delete(id);
      else if (tab.wasHeld && tab.unanswered >= maxMissedPolls) {
        seen.set(id, { ...tab, goneAtMs: clock.nowMs() });
        changed();
      }
    }
  }

  function changed(): void {
    const ended = [...seen.values()].filter(isEnded).sort((a, b) => endOf(b) - endOf(a));
    for (const { sessionID } of ended.slice(maxEnded)) seen.delete(sessionID);
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
      const stopListening = tabs.listen(receive);
      let cancel = () => {};
      const again = () => {
        cancel = clock.after(pollIntervalMs, again);
        poll();
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

const noEvidence = { answer: 'none', unanswered: 0 } as const;

function after(before: Seen | undefined, news: TabNews, atMs: number): Seen {
  const {
    bye: _,
    goneAtMs: __,
    ...known
  } = before ?? { ...noEvidence, sessionID: news.from, wasHeld: false };
  const heard = { ...known, heardAtMs: atMs, unanswered: 0 };
  if (news.kind === 'bye') return { ...heard, bye: { isFrozen: news.isFrozen === true, atMs } };
  if (news.kind === 'sign') return heard;
  const { facts: ___, ...rest } = heard;
  return news.facts ? { ...rest, facts: news.facts, answer: 'read' } : { ...rest, answer: 'other-version' };
}

export function isEnded({ bye, goneAtMs }: Seen): boolean {
  return bye !== undefined || goneAtMs !== undefined;
}

export function endOf({ bye, goneAtMs }: Seen): number {
  return bye?.atMs ?? goneAtMs ?? Infinity;
}

function withoutTimes({ heardAtMs: _, ...tab }: Seen): Omit<Seen, 'heardAtMs'> {
  return tab;
}
