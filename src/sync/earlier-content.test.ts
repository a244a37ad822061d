import { expect, it, onTestFinished } from 'vitest';
import { createAgentNode, startStockRelay } from '../../test/support/sync/stock-relay.ts';
import { until } from '../../test/support/until.ts';
import { setupSyncPeers } from './setup-sync-peers.ts';

const nowhere = 'ws://127.0.0.1:9/sync';

async function nodeWithMap() {
  const node = await createAgentNode();
  return { node, map: node.createGroup().createMap({ a: 1 }) };
}

it('[LADDER-15] content that the node had before its sync is pending until the relay confirms it', async () => {
  const { node, map } = await nodeWithMap();
  const relay = await startStockRelay();
  onTestFinished(() => relay.close());
  const sync = setupSyncPeers({ node, url: relay.url });
  onTestFinished(() => sync.close());
  expect(sync.stateOf(map.id).current.confirmed).toBe('pending');
  expect(sync.current.confirmed.pending).toBe(2); // the group and the map
  await sync.whenConfirmed(map);
  expect(relay.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
  await until(() => expect(sync.current.status).toBe('confirmed'));
});

it('[LADDER-15] an edit stays pending in the sync that follows a closed one', async () => {
  const { node, map } = await nodeWithMap();
  await setupSyncPeers({ node, url: nowhere }).close();
  const sync = setupSyncPeers({ node, url: nowhere });
  onTestFinished(() => sync.close());
  await expect(sync.whenConfirmed(map, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'TIMEOUT' });
});
