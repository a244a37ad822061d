import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { ping } from '../../../test/support/transport/blockable-transport.ts';
import { until } from '../../../test/support/until.ts';
import type { RememberedRelay } from '../../storage/remembered-relay.ts';
import type { ChannelEvents, Transport } from '../../transport/transport.ts';
import { foreignStorageStatus } from '../begin-sync.ts';
import { startSync } from '../start-sync.ts';

it('a relay has not lost data because a channel to it carries nothing', async () => {
  const channels: ChannelEvents[] = [];
  const transport: Transport = {
    name: 'silent',
    open(_, on) {
      channels.push(on);
      queueMicrotask(on.opened);
      return { send: () => {}, bufferedBytes: 0, close: () => on.closed(createKernelError('ABORTED', '')) };
    },
  };
  const written: RememberedRelay[] = [];
  const node = await createAgentNode();
  const sync = startSync({
    node,
    sync: { url: 'ws://relay.example/sync', transports: [transport] },
    storage: { status: foreignStorageStatus(node) },
    memory: {
      read: () => Promise.resolve({ storage: { id: 's', epoch: 'e' } }),
      write(_, seen) {
        written.push(seen);
        return Promise.resolve(seen);
      },
    },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  onTestFinished(() => sync.close());
  // After a second without a hello, it may be a stock server.
  await new Promise<void>((resolve) => sync.on('connect', () => resolve()));
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  expect(written).toEqual([]);
  // It is one, so the relay that was there is gone.
  channels[0]?.received(ping);
  await until(() => expect(written[0]).toMatchObject({ losses: 1, refill: true }));
});
