import type { TabFacts, Unconfirmed } from '../../sync/inspection.ts';

/** The tabs of this account on this device, as far as there is evidence of them. */
export interface TabsNow {
  /**
   * `asked`: all others were asked at `askedAtMs`. `not-asked`: nobody is subscribed, so that only this tab is known.
   * `unreachable`: this one has no line to others: its session leaves no trace on the device, its node is not a session's,
   * or there are no channels, as in Node.
   */
  readonly others: 'asked' | 'not-asked' | 'unreachable';
  readonly askedAtMs?: number;
  /** Whether it is known who holds which session id: `unknown` where the browser has no Web Locks, or has not answered. */
  readonly locks: 'read' | 'unknown';
  /** This one, those that are there, the longest first, and those that are not, the last to go first; a bounded number. */
  readonly list: readonly Tab[];
  /** `unknown` until it is clear which tabs there are. What is certain comes first; a bounded number. */
  readonly leftBehind: readonly LeftBehind[] | 'unknown';
}

/**
 * `this`: it is inspected. `there`: it answers. `silent`: it answers nothing, and still holds its session id: the browser lets
 * it sleep, it is busy, or its kernel does not know the question. `unknown`: it answers nothing, and nobody knows who holds
 * its session id. `frozen`: the browser froze it, and it gave its session id up. `left`: it was closed, reloaded or left, and
 * said so. `gone`: it ended without a word, and its session id is free.
 */
export type TabState = 'this' | 'there' | 'silent' | 'unknown' | 'frozen' | 'left' | 'gone';

export interface Tab extends Partial<TabFacts> {
  readonly sessionIDs: readonly string[];
  readonly state: TabState;
  /** When it said anything last on the channel of the account's tabs. */
  readonly heardAtMs?: number;
  /** How often it was asked since, without an answer. */
  readonly unanswered: number;
  /** Whether somebody holds the lock of its session id. `unknown` also where its lock was never seen held. */
  readonly lock: 'held' | 'free' | 'unknown';
  /** `other-version`: it answers, and its kernel's answer is not one that this one reads. */
  readonly answer: 'read' | 'other-version' | 'none';
  /** Of a tab that is frozen, left or gone: when it said so, else when this inspector found it out. */
  readonly endedAtMs?: number;
}

/** What a session wrote that no relay has confirmed, while no tab writes under it. */
export interface LeftBehind extends Unconfirmed {
  readonly sessionID: string;
  /** `earlier-run`: it ended before this inspector began to ask. */
  readonly by: 'frozen' | 'left' | 'gone' | 'earlier-run';
  /** The session of the tab that uploads it. Absent where no tab has taken it over yet. */
  readonly uploader?: string;
}
