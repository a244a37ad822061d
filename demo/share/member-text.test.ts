import { expect, it } from 'vitest';
import { displayName, hueOf, initials } from './member-text.ts';

const member = { accountID: 'co_zT9hQm2VbXw7KdPqRsT', isMe: false };

it('names a member, or else shows the end of the account ID', () => {
  expect(displayName(member)).toBe('Account …dPqRsT');
  expect(displayName({ ...member, name: 'Mara' })).toBe('Mara');
});

it('shows which member is this account', () => {
  expect(displayName({ ...member, isMe: true })).toBe('You');
  expect(displayName({ ...member, name: 'Mara', isMe: true })).toBe('Mara (you)');
});

it.each([
  [undefined, 'sT'],
  ['mara', 'M'],
  ['Ada King Lovelace', 'AL'],
  ['😀 Smile', '😀S'],
])('has the initials of %j: %s', (name, text) => {
  expect(initials({ ...member, ...(name !== undefined && { name }) })).toBe(text);
});

it('gives different accounts different colors', () => {
  const hues = ['A', 'B', 'C'].map((end) => hueOf({ accountID: `co_z${end}` }));
  expect(new Set(hues).size).toBe(3);
});
