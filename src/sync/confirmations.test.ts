import { afterEach, expect, test } from 'vitest';
import { createAgentNode, startStockRelay, type StockRelay } from '../../test/support/sync/stock-relay.ts';
import { confirmationsOf } from './confirmations.ts';
import { until } from '../../test/support/until.ts';
import { startMemorySync } from '../../test/support/sync/start-memory-sync.ts';

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
  const sync = startMemorySync(node, { url: relay.url });
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
