import { formatClock } from '../../src/inspect/shared/clock-time.ts';
import type { Tab, TabsNow } from '../../src/inspect/snapshot/tab-facts.ts';
import { formatCount, formatDuration } from '../../src/inspect/shared/format.ts';
import { describeUpload, type TabRow } from './tab-rows.ts';

interface TabFact {
  readonly label: string;
  readonly words: string;
  readonly isCode?: true;
}

export function factsOf({ id, tab, left }: TabRow, tabs: TabsNow, nowMs: number): readonly TabFact[] {
  const ago = (atMs: number) => `${formatDuration(nowMs - atMs)} ago`;
  const facts: TabFact[] = [];
  const add = (label: string, words: string, isCode?: true) =>
    facts.push({ label, words, ...(isCode && { isCode }) });
  const spareID = tab?.sessionIDs[1];
  add('Session', id, true);
  if (spareID !== undefined) add('Also writes as', spareID, true);
  if (!tab) add('Tab', 'none: the session belongs to an earlier run');
  if (tab?.sinceMs !== undefined) add('Open since', `${formatClock(tab.sinceMs)}, ${ago(tab.sinceMs)}`);
  // The relay states of an ended tab are outdated.
  const relays = tab?.endedAtMs === undefined ? tab?.relays : undefined;
  for (const { host, phase } of relays ?? []) add(`Relay ${host}`, phase);
  const waiting = left ?? tab?.unconfirmed;
  if (waiting?.oldestSinceMs !== undefined) add('Oldest edit', ago(waiting.oldestSinceMs));
  if (left) add('Upload', describeUpload(left, tabs.list));
  if (!tab) return facts;
  if (tab.state !== 'this') {
    add('Last answer', tab.heardAtMs === undefined ? 'never' : ago(tab.heardAtMs));
    add('Answers', formatAnswer(tab));
  }
  add('Session lock', formatLock(tab, tabs));
  if (tab.endedAtMs !== undefined)
    add(
      tab.state === 'gone' ? 'Noticed' : 'Announced',
      `${formatClock(tab.endedAtMs)}, ${ago(tab.endedAtMs)}`,
    );
  return facts;
}

function formatAnswer({ answer, unanswered }: Tab): string {
  if (unanswered > 0) return `none to the last ${formatCount(unanswered, 'poll')}`;
  if (answer === 'read') return 'every second, when polled';
  return answer === 'none' ? 'none yet' : 'from another version of the kernel';
}

function formatLock({ lock, state }: Tab, { locks, others }: TabsNow): string {
  if (lock === 'held') return state === 'this' ? 'held by this tab' : 'held: the tab is open';
  if (lock === 'free') return 'free: no tab holds the session';
  if (others !== 'asked') return 'not checked';
  return locks === 'unknown' ? 'unknown: this browser does not report locks' : 'never seen held, so unknown';
}
