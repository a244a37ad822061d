import type { RawCoMap } from 'cojson';
import { describe, expect, it, vi } from 'vitest';
import { payloadsOf } from './notify-bus.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import {
  connectStock,
  reconnectStock,
  createStockClient,
  crypto,
} from '../../../test/support/relay/stock-client.ts';
import { startProxy } from '../../../test/support/relay/tcp-proxy.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  loadMap,
  readHealth,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';

const within = { timeout: 10_000, interval: 5 };

/** Two relays on one database, each with a client. Both clients have the same map open. */
async function setUp(storages?: readonly [string, string]) {
  const storage = await createPostgres();
  const [one, two] = storages ?? [storage, storage];
  const relays = [await startRelay({ storage: one }), await startRelay({ storage: two })] as const;
  const alice = await createStockClient(relays[0].url);
  const bob = await createStockClient(relays[1].url);
  const mine = createSharedMap(alice);
  await confirmed(alice, mine);
  return { relays, alice, bob, mine, theirs: await loadMap(bob, mine) };
}

const equal = (mine: RawCoMap, theirs: RawCoMap) =>
  vi.waitFor(() => expect(theirs.toJSON()).toEqual(mine.toJSON()), within);

describePostgres('two relays on one PostgreSQL', () => {
  it('[RELAY-7] deliver edits to each other’s clients', async () => {
    const { alice, bob, mine, theirs } = await setUp();
    for (let count = 0; count < 20; count++) {
      mine.set('alice', count);
      theirs.set('bob', count);
    }
    await vi.waitFor(() => {
      expect(mine.toJSON()).toEqual({ word: 'first', alice: 19, bob: 19 });
      expect(theirs.toJSON()).toEqual(mine.toJSON());
    }, within);
    await confirmed(alice, mine);
    await confirmed(bob, theirs);
  });

  it('deliver a CoValue to a client that got "not found" for it', async () => {
    const { relays, alice } = await setUp();
    alice.syncManager.removePeer('relay');
    const late = createSharedMap(alice);
    const raw = await openRawClient(relays[1].url);
    raw.send({ action: 'load', id: late.id, header: false, sessions: {} });
    await raw.waitFor({ action: 'known', id: late.id, header: false });
    connectStock(alice, relays[0].url);
    await raw.waitFor({ action: 'content', id: late.id });
  });

  it('deliver content that arrives in pieces', async () => {
    const { alice, bob, mine } = await setUp();
    const stream = mine.group.createBinaryStream();
    stream.startBinaryStream({ mimeType: 'text/plain' });
    await confirmed(alice, stream);
    const loaded = await bob.load<typeof stream>(stream.id);
    for (let part = 0; part < 12; part++) stream.pushBinaryStreamChunk(crypto.randomBytes(40_000));
    stream.endBinaryStream();
    await confirmed(alice, stream);
    await vi.waitFor(
      () => expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(stream.core.knownState()),
      within,
    );
  });

  it('lose nothing while one misses notifications from the other', async () => {
    const storage = await createPostgres();
    const proxy = await startProxy(storage);
    const { relays, alice, mine, theirs } = await setUp([storage, proxy.url]);
    const left = createSharedMap(alice);
    await confirmed(alice, left);
    alice.syncManager.removePeer('relay');
    const late = createSharedMap(alice);
    const raw = await openRawClient(relays[1].url);
    raw.send({ action: 'load', id: late.id, header: false, sessions: {} });
    await raw.waitFor({ action: 'known', id: late.id, header: false });
    const gone = await openRawClient(relays[1].url);
    gone.send({ action: 'load', id: left.id, header: false, sessions: {} });
    await gone.waitFor({ action: 'content', id: left.id });
    gone.socket.terminate();

    proxy.cut();
    await vi.waitFor(async () => expect((await readHealth(relays[1])).code).toBe(503), within);
    connectStock(alice, relays[0].url);
    mine.set('word', 'while away');
    left.set('word', 'while away');
    for (const map of [mine, left, late]) await confirmed(alice, map);
    proxy.mend();
    await equal(mine, theirs);
    await raw.waitFor({ action: 'content', id: late.id });
    await vi.waitFor(async () => expect((await readHealth(relays[1])).code).toBe(200), within);
    const found = await loadMap(await createStockClient(relays[1].url), left);
    expect(found.get('word')).toBe('while away');
  });

  it('serve a client that moves to the other relay when its relay stops', async () => {
    const { relays, alice, bob, mine, theirs } = await setUp();
    mine.set('word', 'before');
    const closed = relays[0].close();
    mine.set('word', 'meanwhile');
    await closed;
    mine.set('alone', true);
    reconnectStock(alice, relays[1].url);
    await confirmed(alice, mine);
    await equal(mine, theirs);
    expect(theirs.toJSON()).toEqual({ word: 'meanwhile', alone: true });
    theirs.set('word', 'after');
    await confirmed(bob, theirs);
    await equal(theirs, mine);
  });
});

describe('a commit notification', () => {
  it('fits into PostgreSQL’s payload limit and contains every ID once', () => {
    const ids = Array.from({ length: 1_000 }, () => `co_z${'x'.repeat(43)}`);
    const payloads = payloadsOf('me', ids);
    expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThan(8_000);
    expect(payloads.flatMap((payload) => payload.split(' ').slice(1))).toEqual(ids);
    expect(payloads.every((payload) => payload.startsWith('me '))).toBe(true);
    expect(payloadsOf('me', [])).toEqual([]);
  });
});
