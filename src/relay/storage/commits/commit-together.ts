import type { Clock } from '../../../base/clock.ts';
import { createSemaphore } from '../../../base/semaphore.ts';
import { togetherLanes } from '../../database/database.ts';
import { isConflict, isLockTimeout } from '../../database/postgres-facts.ts';
import type { WrittenTogether } from './written-together.ts';

export interface TogetherOptions {
  readonly firstLane: number;
  /** Commits all or nothing. */
  write(one: WrittenTogether, lane: number): Promise<unknown>;
  readonly clock: Pick<Clock, 'after'>;
}

const maxAttempts = 5;
const retryMs = 50;

/**
 * Commits content that belongs together, beside the queue of the node's content. As between two relays on one database, the rows
 * decide which writer was first.
 */
export function createTogether({ firstLane, write, clock }: TogetherOptions) {
  const free = Array.from({ length: togetherLanes }, (_, index) => firstLane + index);
  const lanes = createSemaphore(togetherLanes);

  async function attempt(one: WrittenTogether): Promise<void> {
    const lane = free.pop() ?? firstLane;
    try {
      await write(one, lane);
    } finally {
      free.push(lane);
    }
  }

  return {
    /** Tries again, for other transactions to come between, if another one was in the way. */
    async commit(one: WrittenTogether): Promise<void> {
      for (let attempts = 1; ; attempts++) {
        try {
          return await lanes.run(() => attempt(one));
        } catch (error) {
          if (attempts === maxAttempts || !(isConflict(error) || isLockTimeout(error))) throw error;
          await new Promise<void>((resolve) => clock.after(attempts * retryMs, resolve));
        }
      }
    },
  };
}
