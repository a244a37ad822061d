import { expect, it } from 'vitest';
import type { Relay } from '../index.ts';
import { uncommittedBytes } from './node-inbox.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createClientNode, createStockClient } from '../../../test/support/relay/stock-client.ts';
import {
  confirmed,
  createSharedMap,
  loadMap,
  startGatedRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

async function queuedBytes(relay: Relay): Promise<number> {
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  return Number(/^maia_relay_queue_bytes (\d+)/m.exec(text)?.[1]);
}

it('slow commits delay the client that sent the content but no other client', async () => {
  const { relay, gate } = await startGatedRelay();
  const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
  const hers = createSharedMap(alice);
  await confirmed(alice, hers);
  const his = await loadMap(bob, hers);

  const writer = await createClientNode();
  const large = createSharedMap(writer);
  for (let count = 0; count < 90; count++) large.set(`key${count}`, 'x'.repeat(90_000), 'trusting');
  const pieces = [writer.expectCurrentAccountID('test'), large.group.id, large.id].flatMap(
    (id) => writer.getCoValue(id).newContentSince(undefined) ?? [],
  );
  gate.close();
  const client = await openRawClient(relay.url);
  for (const piece of pieces) client.send(piece);
  client.send({ maia: 'echo', t: 1 });

  hers.set('word', 'meanwhile');
  await until(() => expect(his.get('word')).toBe('meanwhile'));
  await until(async () => expect(await queuedBytes(relay)).toBeGreaterThan(uncommittedBytes / 2));
  const other = await openRawClient(relay.url);
  other.send({ maia: 'echo', t: 2 });
  await other.waitFor({ maia: 'echoed', t: 2 });
  // Plus at most one message: the next one is read only while there is room.
  expect(await queuedBytes(relay)).toBeLessThan(uncommittedBytes + 200_000);
  expect(client.received.filter(({ maia }) => maia === 'echoed')).toEqual([]);

  gate.open();
  await client.waitFor({ action: 'known', ...large.core.knownState() });
  await client.waitFor({ maia: 'echoed', t: 1 });
  await confirmed(alice, hers);
});
