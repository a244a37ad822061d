import { expect, it, onTestFinished } from 'vitest';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { setupSyncPeers } from './setup-sync-peers.ts';
import { until } from '../../test/support/until.ts';

const nowhere = 'ws://127.0.0.1:9/sync';

async function closedSync() {
  const node = await createAgentNode();
  const sync = setupSyncPeers({ node, url: nowhere });
  await sync.close();
  return { node, sync };
}

it('[LADDER-14] counts an edit that is made after it was closed', async () => {
  const { node, sync } = await closedSync();
  const before = sync.current.confirmed.pending;
  const map = node.createGroup().createMap({ a: 1 });
  expect(sync.stateOf(map.id).current).toMatchObject({ sent: 'pending', confirmed: 'pending' });
  expect(sync.current.confirmed.pending).toBe(before + 2); // the group and the map
});

it('[LADDER-14] reports an edit made after it was closed', async () => {
  const { node, sync } = await closedSync();
  const pending: number[] = [];
  sync.subscribe(({ confirmed }) => pending.push(confirmed.pending));
  node.createGroup();
  await until(() => expect(pending.at(-1)).toBe(1));
});

it('[LADDER-14] says of no edit that it has arrived once another sync counts them', async () => {
  const { node, sync } = await closedSync();
  const next = setupSyncPeers({ node, url: nowhere });
  onTestFinished(() => next.close());
  const map = node.createGroup().createMap({ a: 1 });
  expect(sync.stateOf(map.id).current).toMatchObject({ known: false, confirmed: 'unknown' });
  expect(next.stateOf(map.id).current.confirmed).toBe('pending');
});

it('stays open if `until` is no rung that it can wait for', async () => {
  const sync = setupSyncPeers({ node: await createAgentNode(), url: nowhere });
  onTestFinished(() => sync.close());
  await expect(sync.close({ until: 'delivered' as 'sent' })).rejects.toThrow(TypeError);
  expect(sync.current.status).toBe('connecting');
});
