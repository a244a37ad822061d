import type { TabFacts, Unconfirmed } from '../../sync/inspection.ts';

export interface TabsNow {
  /**
   * `not-asked`: the inspector has no subscriber, so only this tab is known. `unreachable`: this tab has no channel to
   * others, because its session is ephemeral, its node is not a session's, or the platform has no channels, as in Node.
   */
  readonly others: 'asked' | 'not-asked' | 'unreachable';
  readonly askedAtMs?: number;
  /** Whether the session IDs' locks are known: `unknown` if the browser lacks Web Locks or has not answered yet. */
  readonly locks: 'read' | 'unknown';
  /** This tab, then present tabs, oldest first, then former tabs, latest first; a bounded number. */
  readonly list: readonly Tab[];
  /** `unknown` until all tabs are known. The oldest come first; a bounded number. */
  readonly leftBehind: readonly LeftBehind[] | 'unknown';
}

/**
 * `this`: the inspected tab. `there`: it answers. `silent`: it does not answer but still holds its session ID, because the
 * browser suspended it, it is busy, or its kernel does not support the poll. `unknown`: it does not answer, and the state of
 * its lock is unknown. `frozen`: the browser froze it, and it released its session ID. `left`: it announced that it was
 * closed, reloaded or left. `gone`: it ended without an announcement, and its session ID is free.
 */
export type TabState = 'this' | 'there' | 'silent' | 'unknown' | 'frozen' | 'left' | 'gone';

export interface Tab extends Partial<TabFacts> {
  readonly sessionIDs: readonly string[];
  readonly state: TabState;
  /** When its last message arrived on the channel of the account's tabs. */
  readonly heardAtMs?: number;
  /** Polls since then without an answer. */
  readonly unanswered: number;
  /** The lock of its session ID. Also `unknown` if it was never seen held. */
  readonly lock: 'held' | 'free' | 'unknown';
  /** `other-version`: it answers in a format of another kernel version. */
  readonly answer: 'read' | 'other-version' | 'none';
  /** For a frozen, left or gone tab: when it announced that, or when this inspector noticed. */
  readonly endedAtMs?: number;
}

/** Unconfirmed edits of a session under which no tab writes. */
export interface LeftBehind extends Unconfirmed {
  readonly sessionID: string;
  /** `earlier-run`: it ended before this inspector started polling. */
  readonly by: 'frozen' | 'left' | 'gone' | 'earlier-run';
  /** The session of the tab that uploads them. Absent until a tab does. */
  readonly uploader?: string;
}

/** Explains why another tab has not sent its edits. */
export type OtherTab = Pick<TabFacts, 'sessionIDs' | 'title' | 'relays'>;
