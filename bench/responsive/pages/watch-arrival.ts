import type { CoID, LocalNode, RawCoMap } from 'cojson';
import { watchLongTasks } from '../../harness/long-tasks.ts';
import { ask } from '../../harness/page.ts';

export interface Expected {
  readonly id: string;
  readonly transactions: number;
}

export interface Arrived {
  /** The longest task of the page's main thread. Browsers report only tasks above 50 ms, so 50 means none. */
  readonly longestTaskMs: number;
  /** From the request until everything is readable. */
  readonly totalMs: number;
}

const lookEveryMs = 20;
/** Bounds the cost of the check itself. */
const lookForMs = 2;
/** Includes follow-up work such as writing to the device. */
const afterwardsMs = 1_000;

/**
 * Registers two functions that the driver calls in this order, each in its own task: receiving thousands of IDs is
 * itself a long task.
 */
export function offerArrival(opened: Promise<LocalNode>): void {
  let told: readonly Expected[] = [];
  ask('expectThings', async (expected: readonly Expected[]) => {
    told = expected;
    await opened;
  });
  ask('arrive', async () => watchArrival(await opened, told));
}

async function watchArrival(node: LocalNode, expected: readonly Expected[]): Promise<Arrived> {
  const [first] = expected;
  if (!first) throw new Error('Nothing is expected.');
  await pause(lookEveryMs);
  const stopWatching = watchLongTasks();
  const startMs = performance.now();
  void node.load(first.id as CoID<RawCoMap>);
  const missing = new Set(expected);
  while (missing.size > 0) {
    await pause(lookEveryMs);
    const untilMs = performance.now() + lookForMs;
    for (const one of missing) {
      if (performance.now() > untilMs || !isComplete(node, one)) break;
      missing.delete(one);
    }
  }
  const totalMs = performance.now() - startMs;
  await pause(afterwardsMs);
  return { longestTaskMs: stopWatching(), totalMs };
}

function isComplete(node: LocalNode, { id, transactions }: Expected): boolean {
  const core = node.getCoValue(id as CoID<RawCoMap>);
  if (!core.isAvailable()) return false;
  return Object.values(core.knownState().sessions).reduce((sum, count) => sum + count, 0) === transactions;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
