import { LocalNode } from 'cojson';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../database/database.ts';
import type { Relay } from '../index.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import {
  addStockPeer,
  connectStock,
  createStockClient,
  crypto,
} from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  openRelay,
  readHealth,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

/** Nodes that write the same session, like a copied browser profile. */
function createCopies() {
  const secret = crypto.newRandomAgentSecret();
  const session = crypto.newRandomSessionID(crypto.getAgentID(secret));
  return { session, createCopy: () => new LocalNode(secret, session, crypto) };
}

/** Two such nodes, each on its own relay, with the same map open. */
async function setUp() {
  const storage = await createPostgres();
  // The second relay gets no notifications from the first, as in the moment before one arrives.
  const isolate = ({ listen: _, ...database }: Database) => database;
  const relays = [await startRelay({ storage }), await startRelay({ storage }, isolate)] as const;
  const { session, createCopy } = createCopies();
  const createNode = (relay: Relay) => {
    const node = createCopy();
    connectStock(node, relay.url);
    return node;
  };
  const node = createNode(relays[0]);
  const map = createSharedMap(node);
  await confirmed(node, map);
  const copy = createNode(relays[1]);
  const copiedMap = await loadMap(copy, map);
  return { storage, relays, session, node, map, copy, copiedMap };
}

describePostgres('a session forked across two relays', () => {
  it('[RELAY-8] keeps the branch stored first; the other is refused and never acknowledged', async () => {
    const { relays, session, node, map, copy, copiedMap } = await setUp();
    // From here on, this relay keeps in memory the state from before the other relay's edit.
    const bob = await createStockClient(relays[1].url);
    const bobsMap = await loadMap(bob, map);
    bobsMap.set('bob', 'is here');
    await confirmed(bob, bobsMap);
    const raw = await openRawClient(relays[1].url);
    raw.send({ action: 'load', id: map.id, header: false, sessions: {} });
    await raw.waitFor({ action: 'content', id: map.id });

    map.set('word', 'stands');
    await confirmed(node, map);
    copiedMap.set('word', 'refused');
    copiedMap.set('word', 'built on it');
    await raw.waitFor({ maia: 'refused', code: 'fork', id: map.id, sessionID: session, closing: false });
    copiedMap.set('word', 'later');
    const other = copy.createGroup().createMap({ word: 'other' });
    await confirmed(copy, other);
    expect(isConfirmed(copy, copiedMap)).toBe(false);

    for (const relay of relays) {
      const reader = await createStockClient(relay.url);
      expect((await loadMap(reader, map)).toJSON()).toMatchObject({ word: 'stands' });
      expect((await readHealth(relay)).code).toBe(200);
    }
  });

  it("does not delay other clients' edits of the same CoValue", async () => {
    const { relays, node, map, copiedMap } = await setUp();
    const bob = await createStockClient(relays[1].url);
    const bobsMap = await loadMap(bob, map);
    map.set('word', 'stands');
    await confirmed(node, map);
    copiedMap.set('word', 'refused');
    bobsMap.set('bob', 'was here');
    await until(async () => {
      const reader = await createStockClient(relays[1].url);
      expect((await loadMap(reader, map)).toJSON()).toEqual({ word: 'stands', bob: 'was here' });
    });
    bob.syncManager.removePeer('relay');
    connectStock(bob, relays[1].url);
    await confirmed(bob, bobsMap);
  });
});

describe('a session forked on one relay', () => {
  it.each(['is in memory', 'is only stored'])(
    'keeps the branch that came first when the CoValue %s; the other is refused and never acknowledged',
    async (place) => {
      const storage = `pglite:${await createStorage()}`;
      let relay = await openRelay({ storage });
      onTestFinished(() => relay.close());
      const { session, createCopy } = createCopies();
      const [node, copy] = [createCopy(), createCopy()];
      const disconnect = connectStock(node, relay.url);
      const map = createSharedMap(node);
      await confirmed(node, map);
      const cut = connectStock(copy, relay.url);
      const copiedMap = await loadMap(copy, map);
      cut();
      map.set('word', 'stands');
      await confirmed(node, map);
      copiedMap.set('word', 'refused');
      copiedMap.set('word', 'built on it');
      if (place === 'is only stored') {
        disconnect();
        await relay.close();
        relay = await openRelay({ storage });
      }

      const socket = addStockPeer(copy, relay.url);
      onTestFinished(() => socket.terminate());
      let received = '';
      socket.on('message', (data: Buffer) => (received += `${data.toString('utf8')}\n`));
      await until(() => expect(received).toContain('"code":"fork"'));
      expect(received).toContain(`"id":"${map.id}","sessionID":"${session}"`);
      copiedMap.set('word', 'later');
      const other = copy.createGroup().createMap({ word: 'other' });
      await confirmed(copy, other);
      expect(isConfirmed(copy, copiedMap)).toBe(false);
      const reader = await createStockClient(relay.url);
      expect((await loadMap(reader, map)).toJSON()).toEqual({ word: 'stands' });
    },
  );
});
