import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { createReadable } from '../base/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import { createNodePlatform } from '../../test/support/platform/node-platform.ts';
import { createAgentNode, startStockRelay, type StockRelay } from '../../test/support/sync/stock-relay.ts';
import { confirmationsOf } from './confirmations.ts';
import { startSync } from './start-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function relayAt(port?: number): Promise<StockRelay> {
  const relay = await startStockRelay(port === undefined ? {} : { port });
  ends.push(() => relay.close());
  return relay;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

test('a CoValue is confirmed by the relay’s word, and not any more at a relay that lost it', async () => {
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
  await confirmations.whenHeard(id);
  await until(() => expect(confirmations.isConfirmed(id)).toBe(true));

  const seen: boolean[] = [];
  await relay.close();
  const emptied = confirmations.whenHeard(id).then(() => seen.push(confirmations.isConfirmed(id)));
  const { port } = relay;
  await relayAt(port);
  sync.reconnect();
  await emptied;
  expect(seen).toEqual([false]);
  await until(() => expect(confirmations.isConfirmed(id)).toBe(true));
});
