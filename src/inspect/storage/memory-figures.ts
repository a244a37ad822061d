import type { LocalNode } from 'cojson';

/** How many CoValues a node has in this tab. */
export interface MemoryFigures {
  readonly loaded: number;
  /** Read from this device when somebody asks for them again. */
  readonly unloaded: number;
}

export function memoryFigures(node: LocalNode): MemoryFigures {
  let loaded = 0;
  let unloaded = 0;
  for (const core of node.allCoValues()) {
    if (core.isAvailable()) loaded++;
    else if (core.loadingState === 'garbageCollected') unloaded++;
  }
  return { loaded, unloaded };
}

const countEveryMs = 2_000;

/** Counting goes through all of them, so it is not done with each look. */
export function createMemoryView(node: LocalNode): { read(nowMs: number): MemoryFigures } {
  let last: { readonly figures: MemoryFigures; readonly atMs: number } | undefined;
  return {
    read(nowMs) {
      if (!last || Math.abs(nowMs - last.atMs) >= countEveryMs) {
        last = { figures: memoryFigures(node), atMs: nowMs };
      }
      return last.figures;
    },
  };
}
