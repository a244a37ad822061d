import { type KernelErrorCode } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { type Entry } from '../session/entry.ts';
import { failureWords } from './failure-text.ts';

const say = (code: KernelErrorCode, details = {}, asked?: Entry['kind']) =>
  failureWords({ code, message: 'What the kernel said.', details }, asked);

describe('a failed sign-up or sign-in', () => {
  it.each<[KernelErrorCode, RegExp, string]>([
    ['PASSKEY_UNSUPPORTED', /^This browser cannot keep a passkey/, 'Try again, Use 24 words instead'],
    [
      'PASSKEY_PRF_UNAVAILABLE',
      /^This passkey cannot make an encryption key$/,
      'Choose another passkey, Use 24 words instead',
    ],
    ['PASSKEY_REFUSED', /^The passkey prompt ended without an answer$/, 'Try again'],
    ['PASSKEY_INVALID_RP_ID', /^Passkeys do not work at this address$/, 'Try again'],
    ['PASSKEY_ALREADY_HERE', /^This device already has an account$/, 'Sign in, Make another account'],
    ['PASSKEY_ORPHANED', /^A passkey was saved, but no account was made$/, 'Start again'],
    [
      'ACCOUNT_NOT_FOUND',
      /^This relay has no account for this passkey$/,
      'Try again, Use my recovery phrase',
    ],
    ['RELAY_UNREACHABLE', /^The relay cannot be reached$/, 'Try now'],
    ['RELAY_SILENT', /^The relay does not answer$/, 'Try now'],
    ['RELAY_NOT_A_RELAY', /is not a relay$/, 'Try again'],
    ['SYNC_URL_INVALID', /^The relay’s address cannot be used$/, 'Try again'],
    ['STORAGE_UNAVAILABLE', /^This browser keeps nothing for this page$/, 'Try again'],
    ['STORAGE_FULL', /^This device has no room left$/, 'Try again'],
    ['VAULT_DAMAGED', /cannot be read$/, 'Sign in, Use my recovery phrase'],
    ['PASSKEY_REMOVED', /^This passkey was removed/, 'Sign in, Use my recovery phrase'],
  ])('%s is explained, with something to do', (code, title, labels) => {
    const words = say(code);
    expect(words?.title).toMatch(title);
    expect(words?.actions.map(({ label }) => label).join(', ')).toBe(labels);
  });

  it('of a kind that this page does not know is told in the kernel’s words, whole', () => {
    expect(say('MESSAGE_INVALID')?.text).toBe('What the kernel said. (MESSAGE_INVALID)');
  });

  it('names a passkey that may be left over', () => {
    const details = { label: 'Lists, 28 September 10:41' };
    expect(say('PASSKEY_ORPHANED', details)?.text).toContain('“Lists, 28 September 10:41”');
    expect(say('PASSKEY_PRF_UNAVAILABLE', details)?.text).toContain('“Lists, 28 September 10:41”');
    expect(say('PASSKEY_PRF_UNAVAILABLE')?.text).not.toContain('undefined');
  });

  it('offers the phrase only where an account is to be opened', () => {
    const labels = (asked: Entry['kind'], code: KernelErrorCode = 'PASSKEY_REFUSED') =>
      say(code, {}, asked)
        ?.actions.map(({ label }) => label)
        .join(', ');
    expect(labels('sign-up')).toBe('Try again');
    expect(labels('sign-in')).toBe('Try again, Use my recovery phrase');
    expect(labels('known')).toBe('Try again, Use my recovery phrase');
    expect(labels('known', 'PASSKEY_UNSUPPORTED')).toBe('Try again, Use my recovery phrase');
    expect(labels('sign-up', 'PASSKEY_UNSUPPORTED')).toBe('Try again, Use 24 words instead');
  });

  it('of words speaks of words, and offers nothing that makes an account', () => {
    const words = say('ACCOUNT_NOT_FOUND', {}, 'phrase');
    expect(words?.title).toBe('This relay has no account for these words');
    expect(words?.text).not.toContain('passkey');
    expect(words?.actions.map(({ does }) => does)).toEqual(['again']);
  });

  it('of another account’s passkey says that nothing was opened', () => {
    expect(say('ACCOUNT_INVALID', {}, 'known')?.title).toBe('This passkey belongs to another account');
    expect(say('ACCOUNT_INVALID', {}, 'sign-in')?.text).toBe('What the kernel said.');
  });

  it('is none where the person ended it', () => {
    expect(say('ABORTED')).toBeUndefined();
  });

  it('never says that the person cancelled: browsers do not tell', () => {
    expect(JSON.stringify(say('PASSKEY_REFUSED'))).not.toMatch(/cancel/i);
  });
});
