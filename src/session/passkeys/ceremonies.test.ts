import { describe, expect, test } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import type { Platform } from '../../platform/platform.ts';
import {
  createFakePasskeys,
  type FakePasskeys,
  type FakePasskeysOptions,
} from '../../../test/support/platform/fake-passkeys.ts';
import { createPasskey, getPasskey } from './ceremonies.ts';
import { prfInput } from '../account/version-1.ts';

const signUp = {
  rpID: 'app.example',
  rpName: 'App',
  label: 'Ada',
  excludeCredentialIDs: [],
  signal: undefined,
};
const signIn = { rpID: 'app.example', signal: undefined };
const leftOver = { credentialID: 'passkey-1', label: 'Ada' };

function platformWith(options?: FakePasskeysOptions): Platform & { readonly passkeys: FakePasskeys } {
  return { ...createBrowserPlatform(), passkeys: createFakePasskeys(options) };
}

describe('making a passkey', () => {
  test('asks once where the PRF comes with it, and the value is the same afterwards', async () => {
    const platform = platformWith();
    const made = await createPasskey(platform, signUp);
    expect(platform.passkeys.ceremonies).toHaveLength(1);
    expect(made).toMatchObject({ credentialID: 'passkey-1', prfFrom: 'create' });
    expect((await getPasskey(platform, signIn)).prfOutput).toEqual(made.prfOutput);
  });

  test('asks a second time, for this very passkey, where the PRF did not come with it', async () => {
    const platform = platformWith({ prf: 'on-get' });
    const made = await createPasskey(platform, signUp);
    expect(made).toMatchObject({ credentialID: 'passkey-1', prfFrom: 'get' });
    expect(platform.passkeys.ceremonies).toHaveLength(2);
    expect(platform.passkeys.ceremonies[1]).toMatchObject({ allowCredentialIDs: ['passkey-1'], prfInput });
  });

  test('gives each registration another random user id: the same one would overwrite the passkey', async () => {
    const platform = platformWith();
    await createPasskey(platform, signUp);
    await createPasskey(platform, signUp);
    const userIDs = platform.passkeys.ceremonies.map((request) =>
      'userID' in request ? request.userID : undefined,
    );
    expect(userIDs[0]).toHaveLength(32);
    expect(userIDs[0]).not.toEqual(userIDs[1]);
  });

  test('names the passkey that is left over where it has no PRF', async () => {
    await expect(createPasskey(platformWith({ prf: 'none' }), signUp)).rejects.toMatchObject({
      code: 'PASSKEY_PRF_UNAVAILABLE',
      details: leftOver,
      message: expect.stringContaining('“Ada” may be left over') as string,
    });
  });

  test('takes no PRF value of another length', async () => {
    await expect(createPasskey(platformWith({ prfLength: 31 }), signUp)).rejects.toMatchObject({
      code: 'PASSKEY_PRF_UNAVAILABLE',
      details: leftOver,
    });
  });

  test('takes no passkey that did not verify the person', async () => {
    await expect(createPasskey(platformWith({ userVerified: false }), signUp)).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      cause: { code: 'PASSKEY_REFUSED' },
    });
  });

  test('names the passkey that is left over where the second prompt is refused', async () => {
    const platform = platformWith({ prf: 'on-get' });
    const refusal = new DOMException('not allowed', 'NotAllowedError');
    const { create } = platform.passkeys;
    const passkeys = {
      ...platform.passkeys,
      async create(...request: Parameters<typeof create>) {
        const made = await create(...request);
        platform.passkeys.failNext(refusal);
        return made;
      },
    };
    await expect(createPasskey({ ...platform, passkeys }, signUp)).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      cause: { code: 'PASSKEY_REFUSED', cause: refusal },
    });
  });
});

test('using a passkey asks only for those that are allowed', async () => {
  const platform = platformWith();
  await createPasskey(platform, signUp);
  await createPasskey(platform, signUp);
  const used = await getPasskey(platform, { ...signIn, allowCredentialIDs: ['passkey-1'] });
  expect(used.credentialID).toBe('passkey-1');
});

describe('a prompt that fails', () => {
  test.each([
    ['NotAllowedError', 'PASSKEY_REFUSED'],
    ['InvalidStateError', 'PASSKEY_ALREADY_HERE'],
    ['SecurityError', 'PASSKEY_INVALID_RP_ID'],
    ['NotSupportedError', 'PASSKEY_UNSUPPORTED'],
    ['ConstraintError', 'PASSKEY_UNSUPPORTED'],
    ['UnknownError', 'PASSKEY_REFUSED'],
    ['AbortError', 'ABORTED'],
  ])('%s is %s, with the browser’s own error as its cause', async (name, code) => {
    const platform = platformWith();
    const cause = new DOMException('as the browser says it', name);
    platform.passkeys.failNext(cause);
    await expect(createPasskey(platform, signUp)).rejects.toMatchObject({ code, cause });
  });

  test('nobody is said to have cancelled', async () => {
    const platform = platformWith();
    platform.passkeys.failNext(new DOMException('', 'NotAllowedError'));
    await expect(getPasskey(platform, signIn)).rejects.toMatchObject({
      message: expect.not.stringMatching(/cancel/i) as string,
    });
  });

  test('the app’s signal ends a prompt that is open', async () => {
    const platform = platformWith();
    const aborting = new AbortController();
    platform.passkeys.waitNext();
    const signedIn = getPasskey(platform, { ...signIn, signal: aborting.signal });
    aborting.abort();
    await expect(signedIn).rejects.toMatchObject({ code: 'ABORTED', cause: { name: 'AbortError' } });
  });

  test('no prompt is opened where the signal has ended before', async () => {
    const platform = platformWith();
    const reason = new Error('the page went on');
    const signal = AbortSignal.abort(reason);
    await expect(getPasskey(platform, { ...signIn, signal })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: reason,
    });
    expect(platform.passkeys.ceremonies).toEqual([]);
  });
});
