import type { Fact } from '../headline.ts';
import type { InspectorSnapshot } from '../../src/inspect/snapshot.ts';
import type { View } from '../preferences.ts';
import type { RungTally } from '../unsynced/rung-tally.ts';

/** One live number for each view. */
export function railStats(
  { unsynced, queues, peers }: InspectorSnapshot,
  tallies: readonly RungTally[],
): Readonly<Record<View, Fact>> {
  const has = (tone: 'fail' | 'warn') => tallies.some((tally) => tally.tone === tone);
  const depths = [queues.high, queues.medium, queues.low].map((queue) => queue.depth.now);
  const waiting = depths.reduce<number>((sum, depth) => sum + (depth === 'unknown' ? 0 : depth), 0);
  const perSecond =
    queues.high.messagesPerSecond + queues.medium.messagesPerSecond + queues.low.messagesPerSecond;
  const connected = peers.filter((peer) => peer.phase === 'connected').length;
  const isWanted = peers.some(({ phase }) => phase !== 'paused' && phase !== 'closed');
  return {
    unsynced: {
      words: unsynced.length === 0 ? 'none' : unsynced.length.toLocaleString('en'),
      tone: has('fail') ? 'fail' : has('warn') ? 'warn' : 'plain',
    },
    queues: { words: queueWords(waiting, perSecond), tone: 'plain' },
    peers: {
      words: peers.length === 0 ? 'none' : `${connected} of ${peers.length}`,
      tone: isWanted && connected < peers.length ? 'warn' : 'plain',
    },
  };
}

function queueWords(waiting: number, perSecond: number): string {
  if (waiting > 0) return `${waiting.toLocaleString('en')} waiting`;
  return perSecond > 0 ? `${Math.max(1, Math.round(perSecond)).toLocaleString('en')} sent/s` : 'empty';
}
