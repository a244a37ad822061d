import type { CoValueCore, LocalNode } from 'cojson';
import { isRequestedByKernel } from '../../engine/load-request.ts';
import type { MemoryFigures } from '../snapshot/storage-facts.ts';

const maxIDs = 20;

export function memoryFigures(node: LocalNode): MemoryFigures {
  let loaded = 0;
  let unloaded = 0;
  let notFound = 0;
  const ids: string[] = [];
  for (const core of node.allCoValues()) {
    if (core.isAvailable()) loaded++;
    else if (core.loadingState === 'garbageCollected') unloaded++;
    else if (isMissing(node, core) && ++notFound <= maxIDs) ids.push(core.id);
  }
  return { loaded, unloaded, notFound: { count: notFound, ids } };
}

function isMissing(node: LocalNode, { loadingState, id }: CoValueCore): boolean {
  return loadingState === 'unavailable' && !isRequestedByKernel(node, id);
}

const countIntervalMs = 2_000;

/** Caches the figures, because counting visits every CoValue. */
export function createMemoryView(node: LocalNode): { read(nowMs: number): MemoryFigures } {
  let last: { readonly figures: MemoryFigures; readonly atMs: number } | undefined;
  return {
    read(nowMs) {
      if (!last || Math.abs(nowMs - last.atMs) >= countIntervalMs) {
        last = { figures: memoryFigures(node), atMs: nowMs };
      }
      return last.figures;
    },
  };
}
