import { expect, test } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { confirmed, createSharedMap, loadMap, startRelay } from '../../../test/support/relay/test-relay.ts';

test('a relay with memory storage promises no durability and still serves its clients', async () => {
  const relay = await startRelay({ storage: 'memory:' });
  const { received } = await openRawClient(relay.url);
  expect(received[0]).toMatchObject({ durability: 'none' });
  const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
  const mine = createSharedMap(alice);
  await confirmed(alice, mine);
  expect((await loadMap(bob, mine)).toJSON()).toEqual({ word: 'first' });
});
