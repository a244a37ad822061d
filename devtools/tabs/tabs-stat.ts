import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

/** Other tabs have sent the edits of a tab that ended, or have asked about them, after this time. */
const leaseMs = 10_000;

export function tabsStat({ tabs, atMs }: Pick<InspectorSnapshot, 'tabs' | 'atMs'>): Fact {
  const alive = tabs.list.filter(({ state }) => state === 'this' || state === 'there' || state === 'silent');
  const hasLeft =
    tabs.leftBehind !== 'unknown' &&
    tabs.leftBehind.some(({ oldestSinceMs = atMs }) => atMs - oldestSinceMs > leaseMs);
  return { words: alive.length.toLocaleString('en'), tone: hasLeft ? 'warn' : 'plain' };
}
