import { describe, expect, it } from 'vitest';
import { type ListView } from '../model/list-view.ts';
import { pageFor } from './page.ts';

const list: ListView = {
  id: 'co_zA',
  state: 'ready',
  title: 'Groceries',
  items: [],
  missingItems: 0,
  canChange: true,
  canInvite: true,
  members: [],
  others: 0,
  inviteSecret: undefined,
};
const nothing = { state: 'ready', lists: [] } as const;
const one = { state: 'ready', lists: [list] } as const;
const at = {
  route: { page: 'lists' },
  view: one,
  arrived: undefined,
  isWide: true,
  isGetting: false,
} as const;

describe('the page', () => {
  it.each([
    ['a share link comes first', { ...at, arrived: 'damaged' }, 'join'],
    ['a wide screen shows the first list beside the lists', at, 'list'],
    ['a narrow screen shows the lists', { ...at, isWide: false }, 'overview'],
    ['without a list, making one is the page, on any screen', { ...at, view: nothing, isWide: false }, 'new'],
    [
      'no lists yet is not said while more is on its way',
      { ...at, view: nothing, isGetting: true },
      'getting',
    ],
    ['nor before the root has been read', { ...at, view: { state: 'loading', lists: [] } }, 'getting'],
    ['what is here is shown while more is on its way', { ...at, isGetting: true }, 'list'],
    ['a list by its address', { ...at, route: { page: 'list', listID: 'co_zA' }, isWide: false }, 'list'],
    ['a list that is not among these', { ...at, route: { page: 'list', listID: 'co_zB' } }, 'no-list'],
    ['a new list', { ...at, route: { page: 'new' } }, 'new'],
    [
      'a new list, also while more is on its way',
      { ...at, route: { page: 'new' }, view: nothing, isGetting: true },
      'new',
    ],
    [
      'the account, also while getting',
      { ...at, route: { page: 'account' }, view: nothing, isGetting: true },
      'account',
    ],
  ] as const)('%s', (_, input, kind) => {
    expect(pageFor(input).kind).toBe(kind);
  });
});
