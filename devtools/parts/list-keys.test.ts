import { expect, it } from 'vitest';
import { rowAfterKey } from './list-keys.ts';

it.each([
  ['ArrowDown', -1, 0],
  ['ArrowUp', -1, 9],
  ['ArrowDown', 9, 9],
  ['ArrowUp', 0, 0],
  ['PageDown', 2, 6],
  ['PageDown', 8, 9],
  ['PageUp', 2, 0],
  ['Home', 5, 0],
  ['End', 5, 9],
  ['Enter', 5, undefined],
])('%s of ten rows leads from %s to %s', (key, chosen, wanted) => {
  expect(rowAfterKey(key, { chosen, count: 10, page: 4 })).toBe(wanted);
});

it('ignores every key in an empty list', () => {
  expect(rowAfterKey('Home', { chosen: -1, count: 0 })).toBeUndefined();
});
