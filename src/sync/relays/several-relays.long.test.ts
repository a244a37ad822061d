import type { LocalNode, RawCoMap } from 'cojson';
import { afterEach, expect, test } from 'vitest';
import { createAgentNode, startStockRelay, type StockRelay } from '../../../test/support/sync/stock-relay.ts';
import { inspectionOf } from '../inspection.ts';
import type { SyncPeers } from '../sync-peers.ts';
import { until } from '../../../test/support/until.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
async function relayAt(port?: number): Promise<StockRelay> {
  const relay = await startStockRelay(port === undefined ? {} : { port });
  ends.push(() => relay.close());
  return relay;
}

async function deviceOf(
  ...relays: readonly StockRelay[]
): Promise<{ node: LocalNode; sync: SyncPeers; map: RawCoMap }> {
  const node = await createAgentNode();
  const sync = startMemorySync(node, { relays: relays.map(({ url }) => ({ url })) });
  ends.push(() => sync.close());
  return { node, sync, map: node.createGroup().createMap() };
}

const has = (relay: StockRelay, map: RawCoMap) =>
  relay.node.isCoValueInMemory(map.id) && relay.node.getCoValue(map.id).isAvailable();

test('an edit is confirmed once all of them have it, and each reports it', async () => {
  const [a, b] = [await relayAt(), await relayAt()];
  const { sync, map } = await deviceOf(a, b);
  const told: string[] = [];
  sync.on('sync', ({ peerID, id }) => id === map.id && told.push(peerID));
  await until(() => expect(sync.current.status).toBe('confirmed'));
  expect([a, b].map((relay) => has(relay, map))).toEqual([true, true]);
  expect(sync.current.peers.map(({ id }) => id)).toEqual([`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`]);
  await until(() => expect(told.sort()).toEqual([`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`].sort()));
});

test('one that is away does not delay the others, and catches up when it returns', async () => {
  const [a, b] = [await relayAt(), await relayAt()];
  const { sync, map } = await deviceOf(a, b);
  await until(() => expect(sync.current.status).toBe('confirmed'));
  const { port } = b;
  await b.close();
  await until(() => expect(sync.current.status).toBe('connecting'));
  map.set('n', 1);
  const confirmed = sync.whenConfirmed(map);
  await until(() => expect(a.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState()));
  const waiting = () => inspectionOf(sync)?.unsynced()[0];
  await until(() => expect(waiting()?.missingAtPeerIDs).toEqual([`127.0.0.1:${port}`]));
  expect(sync.current.confirmed.pending).toBe(1);

  const again = await relayAt(port);
  sync.reconnect();
  await confirmed;
  expect(again.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
});

test('content from one relay reaches the other one', async () => {
  const [a, b] = [await relayAt(), await relayAt()];
  const one = await deviceOf(a);
  await until(() => expect(one.sync.current.status).toBe('confirmed'));
  one.map.group.addMember('everyone', 'writer');
  await until(() => expect(one.sync.current.status).toBe('confirmed'));
  const both = await deviceOf(a, b);
  await until(() => expect(both.sync.current.status).toBe('confirmed'));
  expect(await both.node.load(one.map.id)).not.toBe('unavailable');
  await until(() => expect(has(b, one.map)).toBe(true));
  await until(() => expect(both.sync.current.status).toBe('confirmed'));
});

test('[CONF-7] waits report when waiting is useless', async () => {
  const { sync, map } = await deviceOf(await relayAt());
  const durable = sync.whenDurable(map);
  await expect(durable).rejects.toMatchObject({ code: 'DURABILITY_NOT_OFFERED' }); // A stock server.
  await expect(sync.whenSaved(map)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  await sync.whenConfirmed();
  await sync.flush();
  sync.pause();
  map.set('n', 1);
  const confirmed = sync.whenConfirmed(map.id);
  await sync.close();
  await expect(confirmed).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
});
