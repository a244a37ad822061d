import { type PasskeyInfo } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { dayWords, lastUsedWords } from './format-day.ts';
import { passkeyWords, reachWords } from './passkey-text.ts';

const at = (text: string) => new Date(text).getTime();
const now = at('2026-11-20T09:00:00');
const passkey: PasskeyInfo = {
  id: 'a',
  label: 'My phone',
  createdAtMs: now,
  onThisDevice: false,
  usableElsewhere: false,
};

describe('a passkey', () => {
  it.each([
    ['2026-11-20T00:01:00', 'today'],
    ['2026-11-19T23:59:00', 'yesterday'],
    ['2026-06-02T12:00:00', '2 June'],
    ['2025-06-02T12:00:00', '2 June 2025'],
    ['2031-06-02T12:00:00', '2 June 2031'],
  ])('made at %s was made %s', (made, words) => expect(dayWords(at(made), now)).toBe(words));

  it('is usable elsewhere only where the kernel says so', () => {
    expect(passkeyWords(passkey, now).state).toBe('Not usable elsewhere yet');
    expect(passkeyWords({ ...passkey, usableElsewhere: true }, now).state).toBe('Usable elsewhere');
    expect(passkeyWords({ ...passkey, onThisDevice: true }, now).about).toBe('used here, added today');
  });
});

it('an account was last used on a day, or nobody knows when', () => {
  expect(lastUsedWords(at('2026-11-19T23:59:00'), now)).toBe('last used yesterday');
  expect(lastUsedWords(0, now)).toBe('kept on this device');
});

describe('where the account can be opened', () => {
  const words = (reach: 'unknown' | 'nowhere' | 'this-device' | 'elsewhere', passkeys = [passkey]) =>
    reachWords({ reach, passkeys, phraseRevealed: false });

  it('is no matter where it can be opened elsewhere, or nobody knows yet', () => {
    expect(words('elsewhere')).toBeUndefined();
    expect(words('unknown')).toBeUndefined();
  });

  it('is said where it is this device alone, with what to do', () => {
    expect(words('this-device')?.title).toBe('This account exists only on this device so far');
    expect(words('this-device')?.text).toContain('Stay online');
    expect(words('this-device', [])?.text).toContain('recovery phrase');
    expect(words('nowhere')?.text).toContain('Add a passkey');
  });
});
