import type { Tab, TabsNow } from '../../src/inspect/tabs/tabs-now.ts';
import { countWords, durationWords } from '../../src/inspect/shared/format.ts';
import { uploadWords, type TabRow } from './tab-rows.ts';

interface TabFact {
  readonly label: string;
  readonly words: string;
  readonly isCode?: true;
}

/** What is known of a row, and by what. */
export function factsOf({ tab, left }: TabRow, tabs: TabsNow, nowMs: number): readonly TabFact[] {
  const ago = (atMs: number) => `${durationWords(nowMs - atMs)} ago`;
  const facts: TabFact[] = [];
  const add = (label: string, words: string, isCode?: true) =>
    facts.push({ label, words, ...(isCode && { isCode }) });
  const [sessionID = left?.sessionID, spareID] = tab?.sessionIDs ?? [];
  if (sessionID === undefined) {
    add('Session', 'several that wrote in these CoValues; no relay has said which of their edits it lacks');
    return facts;
  }
  add('Session', sessionID, true);
  if (spareID !== undefined) add('Also writes as', spareID, true);
  if (!tab) add('Tab', 'none that answers, and nobody holds the session: an earlier run’s');
  if (tab?.sinceMs !== undefined) add('There since', `${clockWords(tab.sinceMs)}, ${ago(tab.sinceMs)}`);
  // Of one that is gone they say nothing any more.
  const relays = tab?.endedAtMs === undefined ? tab?.relays : undefined;
  for (const { host, phase } of relays ?? []) add(`Relay ${host}`, phase);
  const waiting = left ?? tab?.unconfirmed;
  if (waiting?.oldestSinceMs !== undefined) add('Oldest edit', ago(waiting.oldestSinceMs));
  if (waiting && waiting.certain < waiting.coValues)
    add(
      'Certain',
      `${waiting.certain} of ${waiting.coValues}; of the others a relay has to say what it lacks`,
    );
  if (left) add('Taken over', uploadWords(left, tabs.list));
  if (!tab) return facts;
  if (tab.state !== 'this') {
    add('Last heard', tab.heardAtMs === undefined ? 'never' : ago(tab.heardAtMs));
    add('Answers', answerWords(tab));
  }
  add('Its lock', lockWords(tab, tabs));
  if (tab.endedAtMs !== undefined)
    add(
      tab.state === 'gone' ? 'Found out' : 'Said goodbye',
      `${clockWords(tab.endedAtMs)}, ${ago(tab.endedAtMs)}`,
    );
  return facts;
}

function answerWords({ answer, unanswered }: Tab): string {
  if (unanswered > 0) return `none to the last ${countWords(unanswered, 'question')}`;
  if (answer === 'read') return 'each second, when asked';
  return answer === 'none' ? 'none yet' : 'in words of another version of the kernel';
}

function lockWords({ lock, state }: Tab, { locks, others }: TabsNow): string {
  if (lock === 'held') return state === 'this' ? 'held, by this tab' : 'held: the tab is there';
  if (lock === 'free') return 'free: nobody holds the session';
  if (others !== 'asked') return 'not looked at';
  return locks === 'unknown' ? 'unknown: this browser does not say' : 'never seen held: it says nothing';
}

function clockWords(atMs: number): string {
  return new Date(atMs).toLocaleTimeString('en-GB');
}
