import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../headline.ts';

/** No tab receives the confirmations of a closing tab's last edits. Other tabs check those edits after this time. */
const takenOverAfterMs = 5_000;

export function tabsStat({ tabs, atMs }: Pick<InspectorSnapshot, 'tabs' | 'atMs'>): Fact {
  const alive = tabs.list.filter(({ state }) => state === 'this' || state === 'there' || state === 'silent');
  const hasLeft =
    tabs.leftBehind !== 'unknown' &&
    tabs.leftBehind.some(({ oldestSinceMs = atMs }) => atMs - oldestSinceMs > takenOverAfterMs);
  return { words: alive.length.toLocaleString('en'), tone: hasLeft ? 'warn' : 'plain' };
}
