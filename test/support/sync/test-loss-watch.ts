import { silentLogger } from '../../../src/base/logger.ts';
import { noRelayMemory } from '../../../src/storage/remembered-relay.ts';
import { createLossWatch, type LossWatch } from '../../../src/sync/relays/loss-watch.ts';
import { createFakeClock } from '../../../src/testing/fake-clock.ts';

type Options = Parameters<typeof createLossWatch>[0];

/** Of a relay, `r`, of which nothing is recorded and that lacks nothing. */
export function createTestLossWatch(options: Pick<Options, 'node'> & Partial<Options>): LossWatch {
  return createLossWatch({
    relayID: 'r',
    memory: { ...noRelayMemory, read: () => Promise.resolve({}) },
    recorded: () => Promise.resolve(),
    clock: createFakeClock(),
    logger: silentLogger,
    recheck: () => Promise.resolve(),
    outdated: () => {},
    onRecorded: () => {},
    onChange: () => {},
    ...options,
  });
}
