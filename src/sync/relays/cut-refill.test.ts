import { expect, it } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';
import { silentLogger } from '../../base/logger.ts';
import { systemClock } from '../../base/clock.ts';
import type { RememberedRelay } from '../../storage/remembered-relay.ts';
import { createLossWatch } from './loss-watch.ts';
import { mapRelayMemory } from '../../../test/support/storage/map-relay-memory.ts';

it('is sure again after its comparison was cut off and another tab has finished its own', async () => {
  const relays = new Map<string, RememberedRelay>([['r', { losses: 1 }]]);
  const memory = mapRelayMemory(relays);
  let comparisons = 0;
  let compared = new Promise<void>(() => {});
  const watch = createLossWatch({
    node: await createAgentNode(),
    relayID: 'r',
    memory,
    recorded: () => Promise.resolve(),
    clock: systemClock,
    logger: silentLogger,
    recheck() {
      comparisons++;
      return compared;
    },
    outdated: () => {},
    onRecorded: () => {},
    onChange: () => {},
  });
  await until(() => watch.isSure);
  // Another tab finds a loss, and both tabs compare everything.
  await memory.write('r', { losses: 2, refill: true });
  watch.connected(undefined);
  await until(() => comparisons === 1);
  // This one's connection is cut off. The other one is done before it is back.
  watch.lost();
  await memory.write('r', { losses: 2, refill: false });
  compared = Promise.resolve();
  watch.connected(undefined);

  await until(() => watch.isVerified);
  await until(() => expect(watch.isSure).toBe(true));
});
