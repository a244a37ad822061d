import type { LocalNode } from 'cojson';
import { beforeEach, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { contentWords } from '../content-words.ts';

let node: LocalNode;
beforeEach(async () => {
  node = await createAccountNode();
});

it('says what stands in a map and in a list that the app has open', () => {
  const group = node.createGroup();
  const map = group.createMap({ shift: 'Tuesday', crew: 3, done: false });
  expect(contentWords(node, map.id)).toBe('Tuesday 3');
  const list = group.createList(['rope', 'lamp oil']);
  expect(contentWords(node, list.id)).toBe('rope lamp oil');
});

it('is bounded, and blots out what looks like a key', () => {
  const long = node.createGroup().createMap({ text: 'x'.repeat(100_000), more: 'y' });
  expect(contentWords(node, long.id)).toBe('x'.repeat(2_000));
  const many = node.createGroup().createMap();
  for (let n = 0; n < 80; n++) many.set(`k${n}`, `v${n}`);
  expect(contentWords(node, many.id).split(' ')).toHaveLength(50);
  const secret = node.createGroup().createMap({ note: 'keySecret_zABC' });
  expect(contentWords(node, secret.id)).toBe('keySecret_z[withheld]');
});

it('says nothing of what holds keys, of what is not here, and of what nobody has opened', async () => {
  const group = node.createGroup();
  expect(contentWords(node, group.id)).toBe('');
  expect(contentWords(node, node.getCurrentAccountOrAgentID())).toBe('');
  expect(contentWords(node, 'co_zNowhere')).toBe('');
  const other = await createAccountNode();
  const map = group.createMap({ shift: 'Tuesday' });
  for (const core of [group.core, map.core]) {
    for (const content of core.newContentSince() ?? []) other.syncManager.handleNewContent(content, 'import');
  }
  expect(contentWords(other, map.id)).toBe('');
});
