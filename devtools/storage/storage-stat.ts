import type { InspectorSnapshot } from '../../src/inspect/snapshot/inspector-snapshot.ts';
import { formatBytes } from '../../src/inspect/shared/format.ts';
import type { Fact } from '../../src/inspect/report/headline.ts';
import { fullnessOf, nearlyFull } from './room-text.ts';

export function storageStat({ storage }: Pick<InspectorSnapshot, 'storage'>): Fact {
  const { state, room, error } = storage;
  if (state === 'failing') {
    return { words: error?.code === 'STORAGE_FULL' ? 'full' : 'writes failing', tone: 'fail' };
  }
  if (state === 'memory-only') return { words: 'nothing saved', tone: error ? 'warn' : 'plain' };
  const fullness = fullnessOf(room);
  if (fullness !== undefined) {
    const percent = Math.floor(fullness * 100);
    return {
      words: percent < 1 ? '< 1 % full' : `${percent} % full`,
      tone: fullness >= nearlyFull ? 'warn' : 'plain',
    };
  }
  return {
    words: room.usedBytes === 'unknown' ? 'usage unknown' : formatBytes(room.usedBytes),
    tone: 'plain',
  };
}
