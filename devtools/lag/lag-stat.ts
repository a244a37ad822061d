import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';
import { formatElapsed } from '../messages/message-text.ts';

/** The time window of the figure in the rail, and the initial one in the view. */
export const usualWindowMs = 5 * 60_000;

export function lagStat({ lag }: InspectorSnapshot): Fact {
  const figures = lag.windows.find(({ windowMs }) => windowMs === usualWindowMs)?.all.confirmed.all;
  return { words: figures ? `p95 ${formatElapsed(figures.p95Ms)}` : 'none', tone: 'plain' };
}
