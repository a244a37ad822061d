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
  canManage: true,
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
    ['a share link takes precedence', { ...at, arrived: { id: 'co_zB', secret: '' } }, 'join'],
    ['a wide screen shows the first list next to the sidebar', at, 'list'],
    ['a narrow screen shows the lists', { ...at, isWide: false }, 'overview'],
    ['without lists, every screen offers to create one', { ...at, view: nothing, isWide: false }, 'new'],
    [
      'while downloading, an empty account shows the download page',
      { ...at, view: nothing, isGetting: true },
      'getting',
    ],
    [
      'before the root loads, the download page is shown',
      { ...at, view: { state: 'loading', lists: [] } },
      'getting',
    ],
    ['lists that have arrived are shown while downloading', { ...at, isGetting: true }, 'list'],
    [
      'a list is shown by its address',
      { ...at, route: { page: 'list', listID: 'co_zA' }, isWide: false },
      'list',
    ],
    ['an unknown list has its own page', { ...at, route: { page: 'list', listID: 'co_zB' } }, 'no-list'],
    ['a new list can be created', { ...at, route: { page: 'new' } }, 'new'],
    [
      'a new list can be created while downloading',
      { ...at, route: { page: 'new' }, view: nothing, isGetting: true },
      'new',
    ],
    [
      'the account page is available while downloading',
      { ...at, route: { page: 'account' }, view: nothing, isGetting: true },
      'account',
    ],
  ] as const)('%s', (_, input, kind) => {
    expect(pageFor(input).kind).toBe(kind);
  });
});
