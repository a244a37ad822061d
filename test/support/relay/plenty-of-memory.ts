import { createMemoryBudget, type MemoryBudget } from '../../../src/relay/memory/memory-budget.ts';
import { createFakeClock } from '../../../src/testing/fake-clock.ts';

/** A budget that a test does not reach. */
export function plentyOfMemory(): MemoryBudget {
  return createMemoryBudget({
    limitBytes: 1e9,
    clock: createFakeClock(),
    loadedBytes: () => 0,
    pendingBytes: () => 0,
    evict() {},
  });
}
