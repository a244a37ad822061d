import { priorities } from '../../src/inspect/snapshot/queue-facts.ts';
import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import { formatCount } from '../../src/inspect/shared/format.ts';
import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

type Seen = Pick<InspectorSnapshot, 'queues' | 'overview' | 'unsynced'>;

export function queuesStat({ queues, overview, unsynced }: Seen): Fact {
  const depths = priorities.map((priority) => queues[priority].depth.now);
  const waiting = depths.reduce<number>((sum, depth) => sum + (depth === 'unknown' ? 0 : depth), 0);
  if (waiting > 0) return plain(`${waiting.toLocaleString('en')} waiting`);
  const heldBack = heldBackOf({ overview, unsynced });
  if (heldBack > 0) return plain(`${heldBack.toLocaleString('en')} held back`);
  const perSecond = priorities.reduce((sum, priority) => sum + queues[priority].messagesPerSecond, 0);
  return plain(perSecond > 0 ? `${Math.max(1, Math.round(perSecond)).toLocaleString('en')} sent/s` : 'empty');
}

/** How many CoValues wait for a relay that is not connected. Such a relay has no queue, so they wait outside the queues. */
export function heldBackOf({ overview, unsynced }: Omit<Seen, 'queues'>): number {
  const { relays, rungs } = overview;
  const connected = relays.filter(({ phase }) => phase === 'connected').map(({ host }) => host);
  if (connected.length === 0) return rungs.sent.pending;
  if (connected.length === relays.length) return 0;
  const waits = ({ steps, missingAt }: UnsyncedRow) =>
    steps.sent === 'pending' && missingAt.some((host) => !connected.includes(host));
  return unsynced.filter(waits).length;
}

/** For the view. */
export function describeHeldBack(count: number, relays: InspectorSnapshot['overview']['relays']): string {
  const why = relays.some(({ phase }) => phase === 'paused')
    ? 'sync is paused'
    : relays.length === 0
      ? 'there is no relay'
      : `${namesWithout(relays)} connected`;
  return `${formatCount(count, 'CoValue')} held back before the queues, because ${why}`;
}

function namesWithout(relays: InspectorSnapshot['overview']['relays']): string {
  const without = relays.filter(({ phase }) => phase !== 'connected').map(({ host }) => host);
  if (without.length === relays.length) return 'no relay is';
  return `${without.join(' and ')} ${without.length === 1 ? 'is' : 'are'} not`;
}

function plain(words: string): Fact {
  return { words, tone: 'plain' };
}
