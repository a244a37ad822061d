import { cojsonInternals, type PeerState, type SyncMessage } from 'cojson';
import { afterEach, expect, it, vi } from 'vitest';
import { createAgentNode, startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { createTestLossWatch } from '../../../test/support/sync/test-loss-watch.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';
import { until } from '../../../test/support/until.ts';
import { noRelayMemory } from '../../storage/remembered-relay.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('[CONF-17] nothing is durable before the relay has promised it in this run', async () => {
  const { port, url, close } = await startStockRelay();
  await close();
  const sync = startMemorySync(await createAgentNode(), { url });
  ends.push(() => sync.close());
  await sync.whenConfirmed();
  const durable = watchPromise(sync.whenDurable());
  await until(() => expect(sync.current.peers[0]?.phase).toBe('waiting'));
  expect(durable.isSettled).toBe(false);

  const relay = await startStockRelay({ port });
  ends.push(() => relay.close());
  sync.reconnect();
  await expect(durable.settled).rejects.toMatchObject({ code: 'DURABILITY_NOT_OFFERED' });
});

it('[CONF-17] nothing is durable before the relay of this connection has shown that it has its earlier data', async () => {
  const node = await createAgentNode();
  const { core } = node.createGroup().createMap({ a: 1 });
  const answer: SyncMessage = { action: 'known', ...core.knownState() };
  const [server] = cojsonInternals.connectedPeers('r', 'device', { peer1role: 'server' });
  node.syncManager.addPeer(server, true);
  const peer = node.syncManager.peers['r'] as PeerState;
  const confirmed = [{ id: core.id, sessionID: node.currentSessionID, count: 1 }];
  const relay = createTestLossWatch({
    node,
    memory: { ...noRelayMemory, read: () => Promise.resolve({ confirmed }) },
  });
  expect(relay.isVerified).toBe(false);
  const asked = vi.spyOn(node.syncManager, 'trySendToPeer');
  relay.connected(undefined);
  await until(() => expect(asked).toHaveBeenCalledWith(peer, { action: 'load', ...core.knownState() }));
  expect(relay.isVerified).toBe(false);
  relay.handled(answer);
  await until(() => expect([relay.isSure, relay.isVerified]).toEqual([true, true]));
  relay.lost();
  expect(relay.isVerified).toBe(true);

  relay.connected(undefined);
  relay.lost();
  // The doubt outlives the connection.
  expect([relay.isSure, relay.isVerified]).toEqual([false, false]);
});
