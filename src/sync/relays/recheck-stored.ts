import type { RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { retry } from '../../base/retry.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { DeviceStates } from '../delivery/device-states.ts';

/** Resolves once all stored content counts as missing at a relay, or `signal` is aborted. Starts again if a read fails. */
export async function recheckStored(options: {
  readonly states: DeviceStates;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly recheck: (id: RawCoID, need: KnownCounts) => void;
}): Promise<void> {
  const { states, clock, signal, recheck } = options;
  const recheckAll = async () => {
    for await (const ids of states.ids()) {
      const stored = await states.read(ids);
      if (signal.aborted) return;
      for (const [id, { counts }] of stored) recheck(id, counts);
    }
  };
  // The storage reports its failures.
  await retry(recheckAll, { clock, signal });
}
