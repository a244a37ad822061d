import { nextTask } from '../../base/next-task.ts';
import { createTimeSlices } from '../../base/time-slices.ts';
import type { Clock } from '../../base/clock.ts';
import type { LocalNode } from 'cojson';
import { kindOfHeader, type CoValueKind } from '../shared/covalue-label.ts';
import { readContent, textsOf } from './read-content.ts';
import type { SizeOfKind, StorageSizes } from '../snapshot/storage-facts.ts';
import { storageInspectionOf } from './storage-of.ts';

/**
 * Counts what is on this device by kind, which takes reading all of it, a few records in each task of the page. Where
 * nothing is kept, or nobody can look into the storage, it counts what the node has in memory. `told` is called as it goes
 * on, and what is answered is the last of it; aborted, that is how far it got.
 */
export async function measureStorage(options: {
  readonly node: LocalNode;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  told(sizes: StorageSizes): void;
}): Promise<StorageSizes> {
  const { node, clock, signal, told } = options;
  const device = storageInspectionOf(node);
  const slices = createTimeSlices({ nowMs: () => performance.now(), nextTask });
  const sizeByKind = new Map<CoValueKind, SizeOfKind>();
  const startedAtMs = clock.nowMs();
  let [done, total, unreadable] = [0, 0, 0];
  let problem: string | undefined;

  const sizes = (state: StorageSizes['state']): StorageSizes => ({
    ...{ state, of: device ? 'device' : 'memory', startedAtMs },
    ...(state !== 'counting' && { endedAtMs: clock.nowMs() }),
    ...{ done, total, unreadable },
    kinds: [...sizeByKind.values()].sort((a, b) => b.bytes - a.bytes),
    ...(problem !== undefined && { problem }),
  });

  told(sizes('counting'));
  const counted = (count: number) => {
    total = count;
    told(sizes('counting'));
  };
  for await (const each of readContent({ node, device, withMemory: device === undefined, counted })) {
    if (signal.aborted) break;
    if (each.kind === 'unreadable') {
      if (each.id === undefined) problem = each.reason;
      else unreadable++;
    } else {
      const kind = kindOfHeader(each.header);
      const texts = await textsOf(each.contents, slices);
      const { coValues = 0, bytes = 0 } = sizeByKind.get(kind) ?? {};
      const size = texts.reduce((sum, text) => sum + text.length, 0);
      sizeByKind.set(kind, { kind, coValues: coValues + 1, bytes: bytes + size });
    }
    if (each.kind === 'read' || each.id !== undefined) done++;
    told(sizes('counting'));
  }
  const result = sizes(signal.aborted ? 'stopped' : problem === undefined ? 'done' : 'failed');
  told(result);
  return result;
}
