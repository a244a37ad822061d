import { expect, it } from 'vitest';
import { readPreferences } from './preferences.ts';

const defaults = readPreferences({});

it('keeps valid values and uses defaults for the rest', () => {
  expect(
    readPreferences({ isOpen: true, height: 500, view: 'peers', theme: 'dark', corner: 'top-left' }),
  ).toEqual({
    ...defaults,
    isOpen: true,
    height: 500,
    view: 'peers',
    theme: 'dark',
    corner: 'top-left',
  });
});

it.each([
  null,
  undefined,
  7,
  'x',
  [],
  { isOpen: 'yes', height: '9', view: 'nowhere', theme: {}, corner: 1, plot: null },
])('accepts %j and uses the defaults', (stored) => expect(readPreferences(stored)).toEqual(defaults));

it('ignores a height that is not a number', () => {
  expect(readPreferences({ height: Number.NaN }).height).toBe(defaults.height);
});
