import type { LocalNode } from 'cojson';
import { beforeEach, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { searchText } from './search-text.ts';

let node: LocalNode;
beforeEach(async () => {
  node = await createAccountNode();
});

it('returns the values of an open map or list', () => {
  const group = node.createGroup();
  const map = group.createMap({ shift: 'Tuesday', crew: 3, done: false });
  expect(searchText(node, map.id)).toBe('Tuesday 3');
  const list = group.createList(['rope', 'lamp oil']);
  expect(searchText(node, list.id)).toBe('rope lamp oil');
});

it('is bounded and redacts keys', () => {
  const long = node.createGroup().createMap({ text: 'x'.repeat(100_000), more: 'y' });
  expect(searchText(node, long.id)).toBe('x'.repeat(2_000));
  const many = node.createGroup().createMap();
  for (let n = 0; n < 80; n++) many.set(`k${n}`, `v${n}`);
  expect(searchText(node, many.id).split(' ')).toHaveLength(50);
  const secret = node.createGroup().createMap({ note: 'keySecret_zABC' });
  expect(searchText(node, secret.id)).toBe('keySecret_z[withheld]');
});

it('is empty for groups, accounts, missing CoValues and CoValues that are not open', async () => {
  const group = node.createGroup();
  expect(searchText(node, group.id)).toBe('');
  expect(searchText(node, node.getCurrentAccountOrAgentID())).toBe('');
  expect(searchText(node, 'co_zNowhere')).toBe('');
  const other = await createAccountNode();
  const map = group.createMap({ shift: 'Tuesday' });
  for (const core of [group.core, map.core]) {
    for (const content of core.newContentSince() ?? []) other.syncManager.handleNewContent(content, 'import');
  }
  expect(searchText(other, map.id)).toBe('');
});
