import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { createReadable } from '../base/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import { createNodePlatform } from '../../test/support/platform/node-platform.ts';
import { createAgentNode, startStockRelay, type StockRelay } from '../../test/support/sync/stock-relay.ts';
import { confirmationsOf } from './confirmations.ts';
import { startSync } from './start-sync.ts';
import { until } from '../../test/support/until.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function relayAt(port?: number): Promise<StockRelay> {
  const relay = await startStockRelay(port === undefined ? {} : { port });
  ends.push(() => relay.close());
  return relay;
}

test('[CONF-1] the relay’s known state confirms a CoValue, until the relay loses it', async () => {
  const relay = await relayAt();
  const node = await createAgentNode();
  const status = createReadable<StorageStatus>({ kind: 'memory', state: 'memory-only' });
  const platform = createNodePlatform();
  const sync = startSync({
    node,
    sync: { url: relay.url },
    storage: { status },
    platform,
    logger: silentLogger,
  });
  ends.push(() => sync.close());
  const confirmations = confirmationsOf(sync);
  if (!confirmations) throw new Error('no confirmations');
  await confirmations.settled;
  const { id } = node.createGroup().createMap({ a: 1 });
  expect(confirmations.isConfirmed(id)).toBe(false);
  await confirmations.whenAnswered(id);
  await until(() => expect(confirmations.isConfirmed(id)).toBe(true));

  const seen: boolean[] = [];
  await relay.close();
  const emptied = confirmations.whenAnswered(id).then(() => seen.push(confirmations.isConfirmed(id)));
  const { port } = relay;
  await relayAt(port);
  sync.reconnect();
  await emptied;
  expect(seen).toEqual([false]);
  await until(() => expect(confirmations.isConfirmed(id)).toBe(true));
});
