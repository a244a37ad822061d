import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relay } from '../index.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import {
  confirmed,
  createSharedMap,
  loadMap,
  openRelay,
  readHealth,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay({ limits: { messageBytes: 20_000 } });
});
afterAll(() => relay.close());

describe('a connection', () => {
  it('starts with hello, which contains the identity and durability of the storage', async () => {
    const storage = `pglite:${await createStorage()}`;
    const relay = await startRelay({ storage });
    const { received } = await openRawClient(relay.url);
    expect(received[0]).toEqual({
      maia: 'hello',
      v: 1,
      relay: {
        name: 'maia-relay',
        version: expect.stringMatching(/^\d/) as string,
        key: expect.stringMatching(/^signer_z/) as string,
      },
      storage: {
        id: expect.stringMatching(/.{20}/) as string,
        epoch: expect.stringMatching(/.{20}/) as string,
      },
      durability: 'process-crash',
      limits: {
        messageBytes: 10_000_000,
        bytesPerSecond: 20_000_000,
        openLoads: 1_000,
        subscribed: 50_000,
        unreadBytes: 64_000_000,
      },
      auth: null,
      inspect: false,
      presence: true,
    });
    await relay.close();
    const again = await openRawClient((await startRelay({ storage })).url);
    expect(again.received[0]?.storage).toEqual(received[0]?.storage);
  });

  it('answers an echo and ignores unknown messages', async () => {
    const client = await openRawClient(relay.url);
    client.send({ maia: 'hi', v: 1, kernel: '0.0.0' });
    client.send({ maia: 'inspect', ask: 1, id: 'co_zA' });
    client.send({ maia: 'echoed', t: 6 });
    client.send('{"maia":"echo","t":7.5}\n{"type":"ping","time":1,"dc":"x"}\n{"maia":"echo","t":8}');
    await client.waitFor({ maia: 'echoed', t: 8 });
    expect(client.received.slice(1)).toEqual([
      { maia: 'echoed', t: 7.5 },
      { maia: 'echoed', t: 8 },
    ]);
  });
});

describe('a client that violates the protocol', () => {
  const load = { action: 'load', id: 'co_zA', header: false, sessions: {} };
  it.each([
    ['bytes that are not JSON', 'GET / HTTP/1.1'],
    ['a bare number', '5'],
    ['a bare null', 'null'],
    ['an unknown action', JSON.stringify({ ...load, action: 'drop' })],
    ['a wrong type within a message', JSON.stringify({ ...load, sessions: 5 })],
    ['a wrong message after a good one', `${JSON.stringify(load)}\n{"action":"content"}`],
    ['a binary frame', new Uint8Array([1, 2, 3])],
  ])('is refused with a reason and does not affect others: %s', async (_, message) => {
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    const client = await openRawClient(relay.url);
    client.send(message);
    await client.waitFor({ maia: 'refused', code: 'invalid', closing: true });
    await until(() => expect(client.closeCode).toBe(1008));
    await confirmed(alice, mine);
  });

  it('is refused if a message is too large', async () => {
    const client = await openRawClient(relay.url);
    client.send('x'.repeat(20_001));
    await client.waitFor({ maia: 'refused', code: 'too-large', closing: true });
    await until(() => expect(client.closeCode).toBe(1009));
  });

  it('may send a frame of many messages that exceeds the message limit', async () => {
    const client = await openRawClient(relay.url);
    const line = JSON.stringify({ ...load, id: `co_z${'2'.repeat(60)}` });
    client.send([...Array.from({ length: 300 }, () => line), '{"maia":"echo","t":1}'].join('\n'));
    await client.waitFor({ maia: 'echoed', t: 1 });
  });

  it('[RELAY-32] is refused for a message with too many entries, before the relay parses it', async () => {
    const relay = await startRelay();
    const client = await openRawClient(relay.url);
    client.send(`{"maia":"later","list":[${'0,'.repeat(50_000)}`);
    await client.waitFor({ maia: 'refused', code: 'too-large', closing: true });
  });

  it('is disconnected at 50 MB without affecting the relay', async () => {
    const relay = await startRelay();
    const before = process.memoryUsage().external;
    const client = await openRawClient(relay.url);
    client.send('x'.repeat(50_000_000));
    await until(() => expect(client.closeCode).toBeDefined());
    expect((await readHealth(relay)).code).toBe(200);
    expect(process.memoryUsage().external - before).toBeLessThan(150_000_000);
    const alice = await createStockClient(relay.url);
    await confirmed(alice, createSharedMap(alice));
  });

  it('cannot hide stored content by recreating its CoValue', async () => {
    const storage = `pglite:${await createStorage()}`;
    const first = await startRelay({ storage });
    const alice = await createStockClient(first.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    await first.close();

    const second = await startRelay({ storage });
    const client = await openRawClient(second.url);
    const [piece] = mine.core.newContentSince(undefined) ?? [];
    client.send({ action: 'content', id: mine.id, header: piece?.header, priority: 3, new: {} });
    await client.waitFor({ action: 'known', id: mine.id });
    const bob = await createStockClient(second.url);
    await until(async () => expect((await loadMap(bob, mine)).toJSON()).toEqual({ word: 'first' }));
  });
});
