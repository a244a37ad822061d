import { type PasskeyInfo } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { formatDay, formatLastUsed } from './format-day.ts';
import { passkeyText, reachText } from './passkey-text.ts';

const at = (text: string) => new Date(text).getTime();
const now = at('2026-11-20T09:00:00');
const passkey: PasskeyInfo = {
  id: 'a',
  label: 'My phone',
  createdAtMs: now,
  onThisDevice: false,
  portable: 'yes',
  usableElsewhere: false,
};

describe('a passkey', () => {
  it.each([
    ['2026-11-20T00:01:00', 'today'],
    ['2026-11-19T23:59:00', 'yesterday'],
    ['2026-06-02T12:00:00', '2 June'],
    ['2025-06-02T12:00:00', '2 June 2025'],
    ['2031-06-02T12:00:00', '2 June 2031'],
  ])('added at %s was added %s', (made, words) => expect(formatDay(at(made), now)).toBe(words));

  it('is usable elsewhere only if the kernel reports it', () => {
    expect(passkeyText(passkey, now).state).toBe('Not usable elsewhere yet');
    expect(passkeyText({ ...passkey, usableElsewhere: true }, now).state).toBe('Usable elsewhere');
    expect(passkeyText({ ...passkey, portable: 'no' }, now).state).toBe('Only on the device that created it');
    expect(passkeyText({ ...passkey, onThisDevice: true }, now).about).toBe('used here, added today');
  });
});

it('formats the last use of an account, even if unknown', () => {
  expect(formatLastUsed(at('2026-11-19T23:59:00'), now)).toBe('last used yesterday');
  expect(formatLastUsed(0, now)).toBe('kept on this device');
});

describe('the reach of an account', () => {
  const words = (
    reach: 'unknown' | 'nowhere' | 'this-device' | 'elsewhere',
    passkeys = [passkey],
    phraseKept = false,
  ) => reachText({ reach, passkeys, phraseRevealed: true, phraseKept, unfinished: [] });

  it('needs no notice if it is elsewhere or unknown', () => {
    expect(words('elsewhere')).toBeUndefined();
    expect(words('unknown')).toBeUndefined();
  });

  it('needs a notice with advice if it is this device alone', () => {
    expect(words('this-device')?.title).toBe('This account exists only on this device so far');
    expect(words('this-device')?.text).toContain('Stay online');
    expect(words('this-device', [{ ...passkey, portable: 'no' }])?.text).toContain('Add another passkey');
    expect(words('this-device', [])?.text).toContain('check them on the account page');
    expect(words('this-device', [], true)?.text).toContain('Stay online');
    expect(words('this-device', [{ ...passkey, portable: 'no' }], true)?.text).toContain('Stay online');
    expect(words('nowhere')?.text).toContain('Add a passkey');
  });
});
