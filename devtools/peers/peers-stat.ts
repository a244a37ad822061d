import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';

export function peersStat({ peers }: InspectorSnapshot): Fact {
  const connected = peers.filter(({ phase, outage }) => phase === 'connected' && !outage).length;
  const isWanted = peers.some(({ phase }) => phase !== 'paused' && phase !== 'closed');
  return {
    words: peers.length === 0 ? 'none' : `${connected} of ${peers.length}`,
    tone: isWanted && connected < peers.length ? 'warn' : 'plain',
  };
}
