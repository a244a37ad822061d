import { expect, it } from 'vitest';
import { readPreferences } from './preferences.ts';

const defaults = readPreferences({});

it('takes what makes sense, and leaves the rest at its default', () => {
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
])('is not upset by %j', (stored) => expect(readPreferences(stored)).toEqual(defaults));

it('knows no height that is no number', () => {
  expect(readPreferences({ height: Number.NaN }).height).toBe(defaults.height);
});
