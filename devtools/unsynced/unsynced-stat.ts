import type { InspectorSnapshot } from '../../src/inspect/snapshot.ts';
import type { Fact } from '../headline.ts';
import { tallyRungs } from './rung-tally.ts';

export function unsyncedStat({ unsynced, overview, atMs }: InspectorSnapshot): Fact {
  const tallies = tallyRungs(unsynced, overview, atMs);
  const has = (tone: 'fail' | 'warn') => tallies.some((tally) => tally.tone === tone);
  return {
    words: unsynced.length === 0 ? 'none' : unsynced.length.toLocaleString('en'),
    tone: has('fail') ? 'fail' : has('warn') ? 'warn' : 'plain',
  };
}
