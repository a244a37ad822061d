import type { Clock } from '../../base/clock.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Relay } from '../config/relay-options.ts';
import { ActRefusal, type AdministeredRelay } from './act-fields.ts';
import { performAct, type ActName } from './admin-acts.ts';

/** The same acts as over the admin API, for the process that runs the relay. */
export function createBlocking(
  relay: AdministeredRelay,
  clock: Pick<Clock, 'nowMs'>,
): Pick<Relay, 'block' | 'unblock'> {
  async function act(name: ActName, fields: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await performAct(name, fields, relay, clock.nowMs());
    } catch (error) {
      if (!(error instanceof ActRefusal))
        throw createKernelError('RELAY_STORAGE_FAILED', 'The database did not store the change. Try again.', {
          cause: error,
        });
      throw error.code === 'invalid' ? new TypeError(error.message) : error;
    }
  }

  return {
    block: (id, reason = 'no reason was given') => act('block', { id, reason }),
    unblock: (id) => act('unblock', { id }),
  };
}
