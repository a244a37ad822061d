import { type KernelErrorCode } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { type Entry } from '../session/entry.ts';
import { failureText } from './failure-text.ts';

const say = (code: KernelErrorCode, details = {}, asked?: Entry['kind']) =>
  failureText({ code, message: 'The kernel’s message.', details }, asked);

describe('a failed sign-up or sign-in', () => {
  it.each<[KernelErrorCode, RegExp, string]>([
    ['PASSKEY_UNSUPPORTED', /^This browser cannot use a passkey/, 'Try again, Use 24 words instead'],
    [
      'PASSKEY_PRF_UNAVAILABLE',
      /^This passkey cannot provide an encryption key$/,
      'Choose another passkey, Use 24 words instead',
    ],
    ['PASSKEY_REFUSED', /^The passkey prompt closed without a result$/, 'Try again'],
    ['PASSKEY_INVALID_RP_ID', /^Passkeys do not work at this address$/, 'Try again'],
    ['PASSKEY_ALREADY_HERE', /^This device already has an account$/, 'Sign in, Create another account'],
    ['PASSKEY_ORPHANED', /^A passkey was saved, but no account was created$/, 'Start again'],
    [
      'ACCOUNT_NOT_FOUND',
      /^This relay has no account for this passkey$/,
      'Try again, Use my recovery phrase',
    ],
    ['RELAY_UNREACHABLE', /^The relay cannot be reached$/, 'Try now'],
    ['RELAY_SILENT', /^The relay is not responding$/, 'Try now'],
    ['RELAY_NOT_A_RELAY', /is not a Maia relay$/, 'Try again'],
    ['SYNC_URL_INVALID', /^The relay’s address cannot be used$/, 'Try again'],
    ['STORAGE_UNAVAILABLE', /^This browser does not store data for this page$/, 'Try again'],
    ['STORAGE_FULL', /^This device is out of storage$/, 'Try again'],
    ['VAULT_DAMAGED', /cannot be read$/, 'Sign in, Use my recovery phrase'],
    ['PASSKEY_REMOVED', /^This passkey was removed/, 'Sign in, Use my recovery phrase'],
  ])('explains %s and offers actions', (code, title, labels) => {
    const words = say(code);
    expect(words?.title).toMatch(title);
    expect(words?.actions.map(({ label }) => label).join(', ')).toBe(labels);
  });

  it('shows the kernel’s message and code for an unknown failure', () => {
    expect(say('MESSAGE_INVALID')?.text).toBe('The kernel’s message. (MESSAGE_INVALID)');
  });

  it('names a passkey that the failure may have left behind', () => {
    const details = { label: 'Lists, 28 September 10:41' };
    expect(say('PASSKEY_ORPHANED', details)?.text).toContain('“Lists, 28 September 10:41”');
    expect(say('PASSKEY_PRF_UNAVAILABLE', details)?.text).toContain('“Lists, 28 September 10:41”');
    expect(say('PASSKEY_PRF_UNAVAILABLE')?.text).not.toContain('undefined');
  });

  it('offers the recovery phrase only when opening an existing account', () => {
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

  it('mentions no passkey and no new account after a failed phrase entry', () => {
    const words = say('ACCOUNT_NOT_FOUND', {}, 'phrase');
    expect(words?.title).toBe('This relay has no account for these words');
    expect(words?.text).not.toContain('passkey');
    expect(words?.actions.map(({ does }) => does)).toEqual(['again']);
  });

  it('explains that a passkey of another account opened nothing', () => {
    expect(say('ACCOUNT_INVALID', {}, 'known')?.title).toBe('This passkey belongs to another account');
    expect(say('ACCOUNT_INVALID', {}, 'sign-in')?.text).toBe('The kernel’s message.');
  });

  it('is not shown if the user cancelled', () => {
    expect(say('ABORTED')).toBeUndefined();
  });

  it('never claims that the user cancelled, because browsers do not report it', () => {
    expect(JSON.stringify(say('PASSKEY_REFUSED'))).not.toMatch(/cancel/i);
  });
});
