import type { LocalNode } from 'cojson';

/** How many CoValues a node has. */
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
