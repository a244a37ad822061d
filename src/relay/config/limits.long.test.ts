import { describe, expect, it } from 'vitest';
import { createReadGate } from '../../../test/support/relay/read-gate.ts';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import {
  connectStock,
  createClientNode,
  createStockClient,
} from '../../../test/support/relay/stock-client.ts';
import { confirmed, createSharedMap, loadMap, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const loadOf = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const unknownIDs = (count: number) =>
  Array.from({ length: count }, (_, index) => `co_zUnknown${'A'.repeat(index)}`);
const answered = ({ received }: RawClient) => received.filter(({ action }) => action === 'known');

describe('a client', () => {
  it('is disconnected when it subscribes to too many CoValues, and others are not', async () => {
    const relay = await startRelay({ storage: 'memory:', limits: { subscribed: 20 } });
    const alice = await createStockClient(relay.url);
    const client = await openRawClient(relay.url);
    for (const id of unknownIDs(21)) client.send(loadOf(id));
    await client.waitFor({ maia: 'refused', code: 'limit', closing: true });
    await until(() => expect(client.closeCode).toBe(1008));
    await confirmed(alice, createSharedMap(alice));
  });

  it('[RELAY-9] is throttled and notified when it sends too fast, and loses nothing', async () => {
    const relay = await startRelay({ storage: 'memory:', limits: { bytesPerSecond: 20_000 } });
    const client = await openRawClient(relay.url);
    for (let t = 1; t <= 800; t++) client.send({ maia: 'echo', t, padding: 'x'.repeat(60) });
    await client.waitFor({ maia: 'echoed', t: 800 });
    const refusals = client.received.filter(({ maia }) => maia === 'refused');
    expect(refusals).toMatchObject([{ code: 'limit', closing: false }]);
    expect(refusals[0]?.retryAfterMs).toBeGreaterThan(0);
    expect(client.received.filter(({ maia }) => maia === 'echoed')).toHaveLength(800);
  });

  it('is read again once its open loads are answered', async () => {
    const { asked, letThrough, change } = createReadGate();
    const relay = await startRelay({ storage: 'memory:', limits: { openLoads: 5 } }, change);
    const other = await openRawClient(relay.url);
    const client = await openRawClient(relay.url);
    const ids = unknownIDs(20);
    client.send([...ids.map((id) => JSON.stringify(loadOf(id))), '{"maia":"echo","t":1}'].join('\n'));
    await until(() => expect(asked.size).toBeGreaterThan(0));
    other.send({ maia: 'echo', t: 2 });
    await other.waitFor({ maia: 'echoed', t: 2 });
    expect(client.received).toHaveLength(1);
    expect(asked.size).toBeLessThanOrEqual(5);

    letThrough();
    await client.waitFor({ maia: 'echoed', t: 1 });
    expect(answered(client).map(({ id }) => id)).toEqual(ids);
  });

  it('[RELAY-10] is disconnected when it stops reading, and others are not delayed', async () => {
    const relay = await startRelay({ storage: 'memory:', limits: { unreadBytes: 500_000 } });
    const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const his = await loadMap(bob, mine);
    const client = await openRawClient(relay.url);
    client.send(loadOf(mine.id));
    await client.waitFor({ action: 'content', id: mine.id });
    client.socket.pause();

    // More than the operating system buffers for an unread socket.
    const text = 'x'.repeat(90_000);
    for (let count = 1; count <= 120; count++) mine.set('text', `${count} ${text}`, 'trusting');
    await confirmed(alice, mine);
    await until(() => expect(his.get('text')).toBe(mine.get('text')));
    client.socket.resume();
    await client.waitFor({ maia: 'refused', code: 'limit', closing: true });
    await until(() => expect(client.closeCode).toBe(1008));
  });
});

it('a missing CoValue is queried again, and is sent once another client stores it', async () => {
  const alice = await createClientNode();
  const mine = createSharedMap(alice);
  let askedCount = 0;
  const relay = await startRelay({ storage: 'memory:' }, (database) => ({
    ...database,
    query(sql, parameters) {
      if (JSON.stringify(parameters ?? []).includes(mine.id)) askedCount++;
      return database.query(sql, parameters);
    },
  }));
  const early = await openRawClient(relay.url);
  for (let round = 1; round <= 2; round++) {
    early.send(loadOf(mine.id));
    await until(() => expect(answered(early)).toHaveLength(round));
    await until(() => expect(askedCount).toBe(round));
  }
  connectStock(alice, relay.url);
  await early.waitFor({ action: 'content', id: mine.id });
});
