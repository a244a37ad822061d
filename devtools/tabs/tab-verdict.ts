import type { TabsNow } from '../../src/inspect/snapshot/tab-facts.ts';
import { formatCount, formatDuration } from '../../src/inspect/shared/format.ts';
import { describeUpload, type TabRow } from './tab-rows.ts';

export interface Verdict {
  readonly words: string;
  readonly next: string;
}

/** The diagnosis for a row, and the next step. */
export function verdictOf(row: TabRow, { list }: TabsNow, nowMs: number): Verdict {
  const { tab, left } = row;
  if (!tab || left) {
    const count = formatCount(left?.coValues ?? 0, 'CoValue');
    return {
      words: `Left ${count} unconfirmed`,
      next: left?.uploader
        ? `Nothing to do: ${left && describeUpload(left, list)}. If this takes a long time, check Peers in the uploading tab.`
        : 'Keep a tab of this account open and connected: it uploads the edits after a few seconds.',
    };
  }
  const since = formatDuration(nowMs - (tab.endedAtMs ?? tab.heardAtMs ?? nowMs));
  switch (tab.state) {
    case 'silent':
      return {
        words:
          tab.heardAtMs === undefined
            ? 'Holds a session but does not answer'
            : `Silent for ${since}, but still holds its session`,
        next: 'Bring that tab to the front: it is asleep or busy. A tab with an older kernel cannot answer.',
      };
    case 'unknown':
      return {
        words: `Silent for ${since}`,
        next: 'Check whether it is open. This browser does not report whether the tab still holds its session, so the tab may be asleep or gone.',
      };
    case 'frozen':
      return {
        words: `Frozen by the browser for ${since}`,
        next: 'Nothing to do: when it wakes, it resumes its session or gets a new one.',
      };
    case 'left':
      return {
        words: `Closed, reloaded or navigated away ${since} ago`,
        next: 'Nothing to do: it left no edits.',
      };
    case 'gone':
      return {
        words: `Ended unexpectedly, noticed ${since} ago`,
        next: 'Nothing to do: it left no edits on this device.',
      };
    default:
      return tab.answer === 'other-version'
        ? {
            words: 'Open, with another version of the kernel',
            next: 'Reload that tab to update it and to see its edits.',
          }
        : livingVerdict(row, list);
  }
}

function livingVerdict({ unsynced = 0, tab, isThis }: TabRow, list: TabsNow['list']): Verdict {
  const phases = tab?.relays?.map(({ phase }) => phase) ?? [];
  const isPaused = phases.includes('paused');
  const notConfirmed = `${formatCount(unsynced, 'CoValue')} not confirmed`;
  const which = isThis ? 'This tab' : 'That tab';
  if (isPaused) {
    const hasUploader = list.some(
      (other) => other !== tab && other.relays?.some(({ phase }) => phase === 'connected'),
    );
    const until = hasUploader
      ? 'Meanwhile, another connected tab uploads these edits after a few seconds.'
      : 'Until then, these edits stay on this device: no other tab is connected.';
    return {
      words: unsynced === 0 ? 'Paused' : `Paused, ${notConfirmed}`,
      next: `Resume sync in ${isThis ? 'this' : 'that'} tab. ${unsynced === 0 ? '' : until}`.trim(),
    };
  }
  if (unsynced === 0) return { words: 'All its edits are confirmed', next: 'Nothing to do.' };
  return {
    words: notConfirmed,
    next: phases.includes('connected')
      ? `${which} uploads the edits. Unsynced shows why they wait.`
      : `${which} has no connection: check Peers ${isThis ? 'here' : 'there'}. If it stays disconnected, another connected tab uploads the edits after a few seconds.`,
  };
}

/** Advice on the most serious problem, for the footer. */
export function adviceOn(rows: readonly TabRow[]): string {
  if (rows.some(({ left }) => left && left.uploader === undefined))
    return 'A closed tab left unconfirmed edits. Keep another tab open and connected to upload them.';
  const has = (words: string) => rows.some(({ state }) => state.words === words);
  if (has('silent')) return 'A silent tab is asleep or busy. Bring it to the front to wake it.';
  if (
    rows.some(({ tab, unsynced = 0 }) => unsynced > 0 && tab?.relays?.some(({ phase }) => phase === 'paused'))
  )
    return 'A paused tab has unconfirmed edits. Resume sync there.';
  if (has('frozen'))
    return 'A frozen tab resumes its session, or gets a new one, when it wakes. Nothing to do.';
  return '';
}
