import { describe, expect, it } from 'vitest';
import { type ListView } from '../model/list-view.ts';
import { lossText, notConfirmedTitle, waitingChanges } from './sign-out-text.ts';

const item = (id: string) => ({ id, text: `Item ${id}`, done: false, order: id, picture: undefined });
const list: ListView = {
  id: 'list',
  state: 'ready',
  title: 'Groceries',
  items: ['a', 'b', 'c', 'd', 'e', 'f'].map(item),
  missingItems: 0,
  canChange: true,
  canInvite: true,
  members: [],
  others: 0,
  inviteSecret: undefined,
};
const view = { state: 'ready', lists: [list] } as const;

describe('unconfirmed changes at sign-out', () => {
  it('are named as the user knows them', () => {
    expect(waitingChanges(['b', 'list'], view)).toEqual({
      named: [
        { id: 'b', text: 'Item b', list: 'Groceries' },
        { id: 'list', text: 'The list “Groceries”', list: undefined },
      ],
      more: 0,
    });
  });

  it('include a picture, by the text of its item', () => {
    const items = [{ ...item('a'), picture: { id: 'stream', bytes: 10 } }];
    expect(waitingChanges(['stream'], { ...view, lists: [{ ...list, items }] })).toEqual({
      named: [{ id: 'stream', text: 'The picture of “Item a”', list: 'Groceries' }],
      more: 0,
    });
  });

  it('are counted if the user has no name for them, or if there are many', () => {
    expect(waitingChanges(['b', 'a-group'], view).more).toBe(1);
    const many = waitingChanges(['a', 'b', 'c', 'd', 'e', 'f'], view);
    expect(many.named).toHaveLength(5);
    expect(many.more).toBe(1);
  });

  it('are shown with their count, unless it is unknown', () => {
    expect(notConfirmedTitle(1)).toBe('1 change is not confirmed yet');
    expect(lossText(3)).toBe('Sign out now and lose the 3 changes');
    expect(notConfirmedTitle(0)).not.toContain('0');
    expect(lossText(0)).not.toContain('0');
  });
});
