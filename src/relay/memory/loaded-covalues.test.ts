import { expect, it } from 'vitest';
import { createRelayNode } from '../../engine/create-node.ts';
import { contentBytes } from '../../engine/content.ts';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { trackLoaded } from './loaded-covalues.ts';

async function setUp() {
  const node = createRelayNode(crypto);
  let changes = 0;
  const loaded = trackLoaded(node, () => changes++);
  const writer = await createClientNode();
  const group = writer.createGroup();
  const map = group.createMap();
  map.set('text', 'x'.repeat(10_000), 'trusting');
  const contents = [writer.expectCurrentAccount('test').core, group.core, map.core].flatMap(
    (core) => core.newContentSince(undefined) ?? [],
  );
  const take = (of = contents) => {
    for (const content of of) node.syncManager.handleNewContent(content, 'import');
  };
  return { node, loaded, group, map, contents, take, changes: () => changes };
}

const sizeOf = (count: number, storedBytes: number) => 14_000 * count + 3.2 * storedBytes;

it('[RELAY-35] counts 14 kB and 3.2 times its transactions for each loaded CoValue, however often they arrive', async () => {
  const { loaded, contents, take, changes } = await setUp();
  take();
  const bytes = contents.reduce((sum, content) => sum + contentBytes(content), 0);
  expect(loaded.count).toBe(3);
  expect(loaded.bytes()).toBeCloseTo(sizeOf(3, bytes));
  const before = changes();
  take();
  expect(loaded.bytes()).toBeCloseTo(sizeOf(3, bytes));
  expect(changes()).toBe(before);
});

it('[RELAY-35] counts later transactions, and nothing of an evicted CoValue', async () => {
  const { node, loaded, map, take } = await setUp();
  take();
  const before = loaded.bytes();
  const known = map.core.knownState();
  map.set('text', 'y'.repeat(5_000), 'trusting');
  const more = map.core.newContentSince(known) ?? [];
  take(more);
  expect(loaded.bytes() - before).toBeGreaterThan(3.2 * 5_000);
  node.internalDeleteCoValue(map.id);
  expect(loaded.count).toBe(2);
  expect(before - loaded.bytes()).toBeGreaterThan(3.2 * 10_000);
});

it('[RELAY-36] knows which CoValue got content longest ago', async () => {
  const { loaded, group, map, take } = await setUp();
  take();
  expect([...loaded.oldestFirst()].slice(1)).toEqual([group.id, map.id]);
  const before = group.core.knownState();
  group.addMember('everyone', 'reader');
  take(group.core.newContentSince(before));
  expect([...loaded.oldestFirst()].slice(1)).toEqual([map.id, group.id]);
});
