import { priorities } from '../../src/inspect/snapshot/queue-facts.ts';
import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../headline.ts';

export function queuesStat({ queues }: InspectorSnapshot): Fact {
  const depths = priorities.map((priority) => queues[priority].depth.now);
  const waiting = depths.reduce<number>((sum, depth) => sum + (depth === 'unknown' ? 0 : depth), 0);
  const perSecond = priorities.reduce((sum, priority) => sum + queues[priority].messagesPerSecond, 0);
  return { words: formatQueue(waiting, perSecond), tone: 'plain' };
}

function formatQueue(waiting: number, perSecond: number): string {
  if (waiting > 0) return `${waiting.toLocaleString('en')} waiting`;
  return perSecond > 0 ? `${Math.max(1, Math.round(perSecond)).toLocaleString('en')} sent/s` : 'empty';
}
