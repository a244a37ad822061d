import { expect, it } from 'vitest';
import { editorsOf, peopleIn, type Person } from './here.ts';

const person = (accountID: string, state: Person['state'], isMe = false): Person => ({
  accountID,
  isMe,
  state,
});

it('has each other person once, and not this account’s other devices', () => {
  const others = [
    person('co_zAna', { itemID: null }),
    person('co_zMe', { itemID: null }, true),
    person('co_zAna', { itemID: 'co_zItem' }),
    person('co_zBen', {}),
  ];
  expect(peopleIn(others).map(({ accountID }) => accountID)).toEqual(['co_zAna', 'co_zBen']);
});

it('shows who is editing an item, whatever other apps show', () => {
  const states: readonly Person['state'][] = [
    null,
    'co_zItem',
    [],
    { itemID: ['co_zItem'] },
    { itemID: 'co_zItem' },
  ];
  const others = states.map((state, index) => person(`co_z${index}`, state));
  expect(editorsOf(others, 'co_zItem').map(({ accountID }) => accountID)).toEqual(['co_z4']);
});
