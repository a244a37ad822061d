import type { InspectorSnapshot } from '../../src/inspect/snapshot.ts';
import type { Fact } from '../headline.ts';
import { elapsedWords } from '../messages/message-text.ts';

/** The window that the rail speaks of, and the view opens with. */
export const usualWindowMs = 5 * 60_000;

export function lagStat({ lag }: InspectorSnapshot): Fact {
  const figures = lag.windows.find(({ windowMs }) => windowMs === usualWindowMs)?.all.confirmed.all;
  return { words: figures ? `p95 ${elapsedWords(figures.p95Ms)}` : 'none', tone: 'plain' };
}
