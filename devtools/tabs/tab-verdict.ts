import type { TabsNow } from '../../src/inspect/tabs/tabs-now.ts';
import { countWords, durationWords } from '../../src/inspect/shared/format.ts';
import { earlierID, uploadWords, type TabRow } from './tab-rows.ts';

export interface Verdict {
  readonly words: string;
  readonly next: string;
}

/** What is to be thought of a row, and what to do about it. */
export function verdictOf(row: TabRow, { list }: TabsNow, nowMs: number): Verdict {
  const { tab, left } = row;
  if (row.id === earlierID)
    return {
      words: `At most ${countWords(row.unsynced ?? 0, 'CoValue')} of earlier runs not confirmed`,
      next: 'Connect this tab to its relay: what the relay lacks is uploaded then, whoever wrote it.',
    };
  if (!tab || left) {
    const count = countWords(left?.coValues ?? 0, 'CoValue');
    const most = row.isAtMost ? 'at most ' : '';
    return {
      words: `Left ${most}${count} not confirmed`,
      next: left?.uploader
        ? `Nothing to do: ${left && uploadWords(left, list)}. If that takes long, look at its relay.`
        : 'Keep a tab of this account open and connected: it takes them over some seconds after it has noticed.',
    };
  }
  const since = durationWords(nowMs - (tab.endedAtMs ?? tab.heardAtMs ?? nowMs));
  switch (tab.state) {
    case 'silent':
      return {
        words:
          tab.heardAtMs === undefined
            ? 'Holds a session, and says nothing'
            : `Silent for ${since}, and still holds its session`,
        next: 'Bring that tab to the front: the browser let it sleep, or it is busy. One of an older kernel cannot answer.',
      };
    case 'unknown':
      return {
        words: `Silent for ${since}`,
        next: 'Look whether it is open: this browser does not say who holds its session, so that it may be asleep or gone.',
      };
    case 'frozen':
      return {
        words: `Frozen by the browser for ${since}`,
        next: 'Nothing to do: it takes its session back when it wakes, or gets a new one.',
      };
    case 'left':
      return {
        words: `Closed, reloaded or left ${since} ago`,
        next: 'Nothing to do: it left nothing behind.',
      };
    case 'gone':
      return {
        words: `Ended without a word, found out ${since} ago`,
        next: 'Nothing to do: it left nothing behind that this device has saved.',
      };
    default:
      return tab.answer === 'other-version'
        ? {
            words: 'There, with another version of the kernel',
            next: 'Reload that tab to have the version of this one, and to see what it holds.',
          }
        : livingVerdict(row);
  }
}

function livingVerdict({ unsynced = 0, isAtMost, tab, isThis }: TabRow): Verdict {
  const isConnected = tab?.relays?.some(({ phase }) => phase === 'connected') === true;
  const which = isThis ? 'This tab' : 'That tab';
  if (unsynced === 0) return { words: 'All that it wrote is confirmed', next: 'Nothing to do.' };
  return {
    words: `${isAtMost ? 'At most ' : ''}${countWords(unsynced, 'CoValue')} not confirmed`,
    next: isConnected
      ? `${which} uploads them. In Unsynced stands why they wait.`
      : `${which} has no connection: look at Peers ${isThis ? 'here' : 'there'}. Another one that is connected uploads them, too, once it has waited some seconds.`,
  };
}

/** The worst that is to be said of all of them, for the foot. */
export function adviceOn(rows: readonly TabRow[]): string {
  if (rows.some(({ left }) => left && left.certain > 0 && left.uploader === undefined))
    return 'A tab that is gone left edits. Keep one open and connected: it takes them over.';
  const has = (words: string) => rows.some(({ state }) => state.words === words);
  if (has('silent')) return 'A silent tab sleeps or is busy. Bring it to the front to hear of it.';
  if (has('frozen')) return 'A frozen tab gets its session back, or a new one, when it wakes. Nothing to do.';
  return '';
}
