import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../headline.ts';
import type { PanelState } from '../panel-state.svelte.ts';

export function unsyncedStat({ unsynced }: InspectorSnapshot, { tallies }: PanelState): Fact {
  const has = (tone: 'fail' | 'warn') => tallies.some((tally) => tally.tone === tone);
  return {
    words: unsynced.length === 0 ? 'none' : unsynced.length.toLocaleString('en'),
    tone: has('fail') ? 'fail' : has('warn') ? 'warn' : 'plain',
  };
}
