import { expect, test } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import type { SignUpOptions } from '../session-options.ts';
import { passkeyNames } from './passkey-names.ts';

function namesOf(options: SignUpOptions) {
  const platform = createBrowserPlatform();
  const page = { ...platform.page, isSecureContext: true, isOnline: true, isVisible: true };
  return passkeyNames({ ...platform, page: { ...page, url: new URL('https://app.example/') } }, options);
}

const bytes = (text: string) => new TextEncoder().encode(text).length;
const withTime = (name: string) =>
  expect.stringMatching(new RegExp(`^${name} · .*2\\d{3}.*\\d:\\d\\d`)) as string;

test.each([
  ['nothing', {}, 'app.example', withTime('app.example')],
  ['empty names', { name: '', appName: '' }, 'app.example', withTime('app.example')],
  ['names of blanks', { name: ' \n\t ', appName: '  ' }, 'app.example', withTime('app.example')],
  ['an app’s name', { appName: 'Notes' }, 'Notes', withTime('Notes')],
  ['a name behind many blanks', { name: `${' '.repeat(10_000)}Ada` }, 'app.example', 'Ada'],
  ['both', { name: ' Ada \n Lovelace ', appName: 'Notes' }, 'Notes', 'Ada Lovelace'],
])('are made of %s', (_, options, rpName, label) => {
  expect(namesOf(options)).toEqual({ rpName, label });
});

test.each([
  ['letters', 'a'],
  ['letters of two bytes', 'ä'],
  ['letters of three bytes', '字'],
  ['signs of two code units', '🧺'],
])('of 10,000 %s are cut to 64 bytes, and no character in two', (_, character) => {
  const { rpName, label } = namesOf({ name: character.repeat(10_000), appName: character.repeat(10_000) });
  for (const name of [rpName, label]) {
    expect(name).toBe(character.repeat(Math.floor(64 / bytes(character))));
  }
});

test('keep date and time where the app’s name is too long', () => {
  const { label } = namesOf({ appName: '字'.repeat(10_000) });
  expect(label).toEqual(withTime('字+'));
  expect(bytes(label)).toBeLessThanOrEqual(64);
});
