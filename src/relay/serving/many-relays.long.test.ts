import { expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import {
  connectStock,
  reconnectStock,
  createStockClient,
  crypto,
} from '../../../test/support/relay/stock-client.ts';
import { equal, startTwoRelays } from '../../../test/support/relay/two-relays.ts';
import { startProxy } from '../../../test/support/relay/tcp-proxy.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  loadMap,
  readHealth,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

describePostgres('two relays on one PostgreSQL', () => {
  it('[RELAY-7] deliver edits to each other’s clients', async () => {
    const { alice, bob, mine, theirs } = await startTwoRelays();
    for (let count = 0; count < 20; count++) {
      mine.set('alice', count);
      theirs.set('bob', count);
    }
    await until(() => {
      expect(mine.toJSON()).toEqual({ word: 'first', alice: 19, bob: 19 });
      expect(theirs.toJSON()).toEqual(mine.toJSON());
    });
    await confirmed(alice, mine);
    await confirmed(bob, theirs);
  });

  it('deliver a CoValue to a client that got "not found" for it', async () => {
    const { relays, alice } = await startTwoRelays();
    alice.syncManager.removePeer('relay');
    const late = createSharedMap(alice);
    const raw = await openRawClient(relays[1].url);
    raw.send({ action: 'load', id: late.id, header: false, sessions: {} });
    await raw.waitFor({ action: 'known', id: late.id, header: false });
    connectStock(alice, relays[0].url);
    await raw.waitFor({ action: 'content', id: late.id });
  });

  it('[RELAY-54] deliver edits from the storage to clients whose CoValues they have not loaded', async () => {
    const { relays, alice, bob, mine, theirs } = await startTwoRelays();
    const loadedCount = async () => {
      const metrics = await (await fetch(`${relays[1].url}/metrics`)).text();
      return /^maia_relay_covalues (\d+)$/m.exec(metrics)?.[1];
    };
    const carol = await createStockClient(relays[0].url);
    const carols = await loadMap(carol, mine);
    // Until the relay has evicted what it knows of the storage alone.
    const before = await loadedCount();
    for (let count = 0; count < 20; count++) {
      mine.set('alice', count);
      carols.set('carol', count);
    }
    await until(() => expect(theirs.toJSON()).toEqual({ word: 'first', alice: 19, carol: 19 }));
    expect(await loadedCount()).toBe(before);
    mine.core.deleteCoValue();
    await until(() => expect(theirs.core.isDeleted).toBe(true));
    expect(bob.syncManager.peers['relay']?.closed).toBe(false);
    expect(alice.syncManager.peers['relay']?.closed).toBe(false);
  });

  it('deliver content that arrives in pieces', async () => {
    const { alice, bob, mine } = await startTwoRelays();
    const stream = mine.group.createBinaryStream();
    stream.startBinaryStream({ mimeType: 'text/plain' });
    await confirmed(alice, stream);
    const loaded = await bob.load<typeof stream>(stream.id);
    for (let part = 0; part < 12; part++) stream.pushBinaryStreamChunk(crypto.randomBytes(40_000));
    stream.endBinaryStream();
    await confirmed(alice, stream);
    await until(() =>
      expect(loaded !== 'unavailable' && loaded.core.knownState()).toEqual(stream.core.knownState()),
    );
  });

  it('lose nothing while one misses notifications from the other', async () => {
    const storage = await createPostgres();
    const proxy = await startProxy(storage);
    const { relays, alice, mine, theirs } = await startTwoRelays(storage, [{}, { storage: proxy.url }]);
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
    await until(async () => expect((await readHealth(relays[1])).code).toBe(503));
    connectStock(alice, relays[0].url);
    mine.set('word', 'while away');
    left.set('word', 'while away');
    for (const map of [mine, left, late]) await confirmed(alice, map);
    proxy.mend();
    await equal(mine, theirs);
    await raw.waitFor({ action: 'content', id: late.id });
    await until(async () => expect((await readHealth(relays[1])).code).toBe(200));
    const found = await loadMap(await createStockClient(relays[1].url), left);
    expect(found.get('word')).toBe('while away');
  });

  it('[RELAY-51] find in the log what a relay committed without a word', async () => {
    const storage = await createPostgres();
    let isSilent = false;
    const [one, two] = [
      await startRelay({ storage }, (database) => ({
        ...database,
        async listen(channel, on) {
          const listening = await database.listen?.(channel, on);
          if (!listening) throw new Error('This database tells nobody.');
          // As if the relay ended between the commit and its notice. Beats have no IDs.
          const notify = async (payload: string) => {
            if (!isSilent || !payload.includes(' ')) await listening.notify(payload);
          };
          return { ...listening, notify };
        },
      })),
      await startRelay({ storage }),
    ];
    const [alice, bob] = [await createStockClient(one.url), await createStockClient(two.url)];
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const theirs = await loadMap(bob, mine);
    isSilent = true;
    mine.set('word', 'unannounced');
    await confirmed(alice, mine);
    await equal(mine, theirs);
    const carol = await createStockClient(one.url);
    (await loadMap(carol, mine)).set('session', 'new');
    await until(() => expect(theirs.get('session')).toBe('new'));
  });

  it('serve a client that moves to the other relay when its relay stops', async () => {
    const { relays, alice, bob, mine, theirs } = await startTwoRelays();
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
