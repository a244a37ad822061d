import type { LocalNode, RawCoMap } from 'cojson';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgentNode, startStockRelay, type StockRelay } from '../../../test/support/sync/stock-relay.ts';
import { inspectionOf, type RungTap } from '../inspection.ts';
import type { SyncPeers } from '../sync-peers.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let relay: StockRelay;
let node: LocalNode;
let sync: SyncPeers;
let map: RawCoMap;
let steps: Parameters<RungTap>[];

beforeEach(async () => {
  relay = await startStockRelay();
  ends.push(() => relay.close());
  node = await createAgentNode();
  sync = startMemorySync(node, { url: relay.url });
  ends.push(() => sync.close());
  map = node.createGroup().createMap();
  await sync.whenConfirmed(map);
  steps = [];
});

const tap = () => inspectionOf(sync)?.setRungTap((...step) => steps.push(step));
/** Without consecutive repetitions. */
const kinds = () => steps.map(([kind]) => kind).filter((kind, index, all) => kind !== all[index - 1]);

test('reports an edit in the call that makes it, and each rung, until nothing waits', async () => {
  tap();
  map.set('n', 1);
  const counts = { [node.currentSessionID]: 1 };
  expect(steps).toEqual([['made', map.id, counts]]);
  await sync.whenConfirmed(map);
  expect(kinds()[0]).toBe('made');
  // The socket may drain after the relay has answered.
  expect(
    kinds()
      .filter((kind) => kind !== 'sent')
      .slice(-2),
  ).toEqual(['confirmed', 'ended']);
  const confirmed = steps.find(([kind]) => kind === 'confirmed');
  expect(confirmed).toMatchObject(['confirmed', map.id, counts, `127.0.0.1:${relay.port}`]);
});

test('does not report imported content as made', async () => {
  tap();
  const theirs = (await createAgentNode()).createGroup();
  for (const content of theirs.core.newContentSince() ?? []) {
    node.syncManager.handleNewContent(content, 'import');
  }
  await sync.whenConfirmed(theirs.id);
  expect(kinds()).not.toContain('made');
  expect(kinds()).toContain('confirmed');
});

test('is silent once it is removed', async () => {
  tap();
  inspectionOf(sync)?.setRungTap(undefined);
  map.set('n', 1);
  await sync.whenConfirmed(map);
  expect(steps).toEqual([]);
});
