import type { CojsonInternalTypes, LocalNode, RawCoValue } from 'cojson';
import { beforeEach, expect, it, vi } from 'vitest';
import { createAgentNode } from '../testing/stock-relay.ts';
import { isPutAside, leaveOutTracking } from './private-fields.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

// Contracts with what cojson keeps to itself: after an update of cojson, these say what has become of it.

let node: LocalNode;
let content: NewContent;
let groupContent: NewContent;
let otherContent: NewContent;
beforeEach(async () => {
  node = await createAgentNode();
  const author = await createAgentNode();
  const contentOf = ({ core }: Pick<RawCoValue, 'core'>) => {
    const [first] = core.newContentSince(undefined) ?? [];
    if (!first) throw new Error('What was made has content.');
    return first;
  };
  content = contentOf(author.createGroup().createMap());
  [groupContent, otherContent] = [contentOf(author.createGroup()), contentOf(author.createGroup())];
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

it('leaves out cojson’s following of edits, and gives it back', () => {
  const add = vi.spyOn(node.syncManager.unsyncedTracker, 'add');
  const giveBack = leaveOutTracking(node);
  node.syncManager.handleNewContent(groupContent, 'import');
  expect(add).not.toHaveBeenCalled();
  giveBack();
  node.syncManager.handleNewContent(otherContent, 'import');
  expect(add).toHaveBeenCalledExactlyOnceWith(otherContent.id);
});

it('leaves a cojson that follows edits in another way as it is', () => {
  Reflect.set(node.syncManager, 'trackSyncState', 'something else');
  leaveOutTracking(node)();
  expect(Reflect.get(node.syncManager, 'trackSyncState')).toBe('something else');
});
