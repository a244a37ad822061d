import { priorities } from '../../src/inspect/snapshot/queue-facts.ts';
import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import { formatCount } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

export function queuesStat({ queues, overview }: Pick<InspectorSnapshot, 'queues' | 'overview'>): Fact {
  const depths = priorities.map((priority) => queues[priority].depth.now);
  const waiting = depths.reduce<number>((sum, depth) => sum + (depth === 'unknown' ? 0 : depth), 0);
  if (waiting > 0) return plain(`${waiting.toLocaleString('en')} waiting`);
  const heldBack = heldBackOf(overview);
  if (heldBack) return plain(`${heldBack.count.toLocaleString('en')} held back`);
  const perSecond = priorities.reduce((sum, priority) => sum + queues[priority].messagesPerSecond, 0);
  return plain(perSecond > 0 ? `${Math.max(1, Math.round(perSecond)).toLocaleString('en')} sent/s` : 'empty');
}

/** Without a connection there is no queue, so edits wait before it. */
export function heldBackOf({
  rungs,
  relays,
}: Pick<InspectorSnapshot['overview'], 'rungs' | 'relays'>): { readonly count: number } | undefined {
  const isConnected = relays.some(({ phase }) => phase === 'connected');
  return isConnected || rungs.sent.pending === 0 ? undefined : { count: rungs.sent.pending };
}

/** For the view. */
export function describeHeldBack(count: number, relays: InspectorSnapshot['overview']['relays']): string {
  const why = relays.some(({ phase }) => phase === 'paused')
    ? 'sync is paused'
    : relays.length === 0
      ? 'there is no relay'
      : 'no relay is connected';
  return `${formatCount(count, 'CoValue')} held back before the queues, because ${why}`;
}

function plain(words: string): Fact {
  return { words, tone: 'plain' };
}
