import { describe, expect, it } from 'vitest';
import { type ListView } from '../model/list-view.ts';
import { testError, testState } from '../sync/test-state.ts';
import { lossText, notConfirmedTitle, unconfirmedHere, waitingChanges, whyNotSent } from './sign-out-text.ts';

const item = (id: string) => ({ id, text: `Item ${id}`, done: false, order: id, picture: undefined });
const list: ListView = {
  id: 'list',
  state: 'ready',
  title: 'Groceries',
  items: ['a', 'b', 'c', 'd', 'e', 'f'].map(item),
  missingItems: 0,
  canChange: true,
  canManage: true,
  inviteSecret: undefined,
};
const view = { state: 'ready', lists: [list] } as const;

describe('unconfirmed changes at sign-out', () => {
  it('are named as the user knows them', () => {
    expect(waitingChanges({ ids: ['b', 'list'], count: 2 }, view)).toEqual({
      named: [
        { id: 'b', text: 'Item b', list: 'Groceries' },
        { id: 'list', text: 'The list “Groceries”', list: undefined },
      ],
      more: 0,
    });
  });

  it('include a picture, by the text of its item', () => {
    const items = [{ ...item('a'), picture: { id: 'stream', bytes: 10 } }];
    expect(waitingChanges({ ids: ['stream'], count: 1 }, { ...view, lists: [{ ...list, items }] })).toEqual({
      named: [{ id: 'stream', text: 'The picture of “Item a”', list: 'Groceries' }],
      more: 0,
    });
  });

  it('are counted if the user has no name for them, or if there are many', () => {
    expect(waitingChanges({ ids: ['b', 'a-group'], count: 2 }, view).more).toBe(1);
    const many = waitingChanges({ ids: ['a', 'b', 'c', 'd', 'e', 'f'], count: 6 }, view);
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

describe('what this tab counts as unconfirmed', () => {
  const waiting = testState({ status: 'syncing', confirmed: { known: true, pending: 3 } });
  const stateOf = (id: string) => ({ current: { confirmed: id === 'b' ? 'pending' : 'reached' } as const });

  it('is named where the user has a name for it, and counted in full', () => {
    expect(unconfirmedHere(waiting, view, stateOf)).toEqual({ ids: ['b'], count: 3 });
  });

  it('is nothing once the relay has confirmed everything, and unknown until this device has checked', () => {
    expect(unconfirmedHere(testState(), view, stateOf)).toBeUndefined();
    expect(unconfirmedHere(undefined, view, stateOf)).toBeUndefined();
    const unknown = testState({ confirmed: { known: false, pending: 0 } });
    const reached = () => ({ current: { confirmed: 'reached' } as const });
    expect(unconfirmedHere(unknown, view, reached)).toEqual({ ids: [], count: 0 });
  });
});

describe('why waiting would not help', () => {
  it('is a pause, which the user can end', () => {
    const reason = whyNotSent(testState({ status: 'paused' }));
    expect(reason).toEqual({ text: expect.stringContaining('paused') as string, canResume: true });
  });

  it('is a refusal, in the words of the sync line', () => {
    const error = testError('RELAY_REFUSED', 'The relay is full.');
    const confirmed = { known: true, pending: 1, error };
    expect(whyNotSent(testState({ confirmed }))?.text).toBe('Refused by the relay: The relay is full.');
  });

  it('is nothing while Lists sends automatically, also while offline', () => {
    for (const status of ['offline', 'connecting', 'syncing', 'confirmed'] as const)
      expect(whyNotSent(testState({ status }))).toBeUndefined();
  });
});
