import { type KernelErrorCode } from '@MaiaOS/kernel';
import { describe, expect, it } from 'vitest';
import { failureWords } from './failure-words.ts';

const say = (code: KernelErrorCode, details = {}) =>
  failureWords({ code, message: 'What the kernel said.', details });

describe('a failed sign-up or sign-in', () => {
  it.each<[KernelErrorCode, RegExp, string]>([
    ['PASSKEY_UNSUPPORTED', /^This browser cannot keep a passkey/, 'Try again'],
    ['PASSKEY_PRF_UNAVAILABLE', /^This passkey cannot make an encryption key$/, 'Choose another passkey'],
    ['PASSKEY_REFUSED', /^The passkey prompt ended without an answer$/, 'Try again'],
    ['PASSKEY_INVALID_RP_ID', /^Passkeys do not work at this address$/, 'Try again'],
    ['PASSKEY_ALREADY_HERE', /^This device already has an account$/, 'Sign in, Make another account'],
    ['PASSKEY_ORPHANED', /^A passkey was saved, but no account was made$/, 'Start again'],
    ['ACCOUNT_NOT_FOUND', /^This relay has no account for this passkey$/, 'Try again'],
    ['RELAY_UNREACHABLE', /^The relay cannot be reached$/, 'Try now'],
    ['RELAY_SILENT', /^The relay does not answer$/, 'Try now'],
    ['RELAY_NOT_A_RELAY', /is not a relay$/, 'Try again'],
    ['SYNC_URL_INVALID', /^The relay’s address cannot be used$/, 'Try again'],
    ['STORAGE_UNAVAILABLE', /^This browser keeps nothing for this page$/, 'Try again'],
    ['STORAGE_FULL', /^This device has no room left$/, 'Try again'],
    ['VAULT_DAMAGED', /cannot be read$/, 'Sign in'],
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

  it('is none where the person ended it', () => {
    expect(say('ABORTED')).toBeUndefined();
  });

  it('never says that the person cancelled: browsers do not tell', () => {
    expect(JSON.stringify(say('PASSKEY_REFUSED'))).not.toMatch(/cancel/i);
  });
});
