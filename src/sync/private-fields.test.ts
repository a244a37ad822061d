import type { CojsonInternalTypes, LocalNode } from 'cojson';
import { beforeEach, expect, it } from 'vitest';
import { createAgentNode } from '../testing/stock-relay.ts';
import { isPutAside } from './private-fields.ts';

// Contracts with what cojson keeps to itself: after an update of cojson, these say what has become of it.

let node: LocalNode;
let content: CojsonInternalTypes.NewContentMessage;
beforeEach(async () => {
  node = await createAgentNode();
  const [first] = (await createAgentNode()).createGroup().createMap().core.newContentSince(undefined) ?? [];
  if (!first) throw new Error('A new map has content.');
  content = first;
});

it('tells whether content was put aside for what it depends on', () => {
  expect(isPutAside(node, content)).toBe(false);
  node.syncManager.handleNewContent(content, 'import');
  expect(isPutAside(node, content)).toBe(true);
  expect(isPutAside(node, { ...content })).toBe(false);
});

it('tells of nothing where cojson puts aside in another way', () => {
  node.syncManager.handleNewContent(content, 'import');
  const core = node.getCoValue(content.id);
  for (const other of [undefined, {}, [], [undefined], [{}]]) {
    Reflect.set(core, 'newContentQueue', other);
    expect(isPutAside(node, content)).toBe(false);
  }
});
