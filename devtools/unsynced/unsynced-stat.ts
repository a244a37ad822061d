import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import { isLost } from '../../src/inspect/unsynced/lost-edits.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';
import type { PanelState } from '../panel-state.svelte.ts';

export function unsyncedStat({ unsynced }: InspectorSnapshot, { tallies }: PanelState): Fact {
  const has = (tone: 'fail' | 'warn') => tallies.some((tally) => tally.tone === tone);
  return {
    words: unsynced.length === 0 ? 'none' : unsynced.length.toLocaleString('en'),
    tone:
      has('fail') || unsynced.some(({ reason }) => isLost(reason)) ? 'fail' : has('warn') ? 'warn' : 'plain',
  };
}
