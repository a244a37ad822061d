import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { createTimeSlices } from '../../base/time-slices.ts';
import type { StorageInspection } from '../../storage/storage-inspection.ts';
import { kindOfHeader } from '../shared/covalue-label.ts';
import type { CoValueKind } from '../snapshot/covalue-kind.ts';
import type { SizeOfKind, StorageSizes } from '../snapshot/storage-facts.ts';
import { readContent, textsOf } from './read-content.ts';

/**
 * Counts in short tasks; covers the node's memory if no storage is readable. Resolves with a partial result after an
 * abort.
 */
export async function measureStorage(options: {
  readonly node: LocalNode;
  readonly device: StorageInspection | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onProgress(sizes: StorageSizes): void;
}): Promise<StorageSizes> {
  const { node, device, clock, signal, onProgress } = options;
  const slices = createTimeSlices({ nowMs: () => performance.now(), nextTask });
  const sizeByKind = new Map<CoValueKind, SizeOfKind>();
  const startedAtMs = clock.nowMs();
  let [done, total, unreadable] = [0, 0, 0];
  let problem: string | undefined;

  const sizes = (state: StorageSizes['state']): StorageSizes => ({
    state,
    of: device ? 'device' : 'memory',
    startedAtMs,
    ...(state !== 'counting' && { endedAtMs: clock.nowMs() }),
    done,
    total,
    unreadable,
    kinds: [...sizeByKind.values()].sort((a, b) => b.bytes - a.bytes),
    ...(problem !== undefined && { problem }),
  });

  onProgress(sizes('counting'));
  const counted = (count: number) => {
    total = count;
    onProgress(sizes('counting'));
  };
  for await (const entry of readContent({ node, device, withMemory: device === undefined, counted })) {
    if (signal.aborted) break;
    if (entry.kind === 'unreadable') {
      if (entry.id === undefined) problem = entry.reason;
      else unreadable++;
    } else {
      const kind = kindOfHeader(entry.header);
      const texts = await textsOf(entry.contents, slices);
      const { coValues = 0, bytes = 0 } = sizeByKind.get(kind) ?? {};
      const size = texts.reduce((sum, text) => sum + text.length, 0);
      sizeByKind.set(kind, { kind, coValues: coValues + 1, bytes: bytes + size });
    }
    if (entry.kind === 'read' || entry.id !== undefined) done++;
    onProgress(sizes('counting'));
  }
  const result = sizes(signal.aborted ? 'stopped' : problem === undefined ? 'done' : 'failed');
  onProgress(result);
  return result;
}
