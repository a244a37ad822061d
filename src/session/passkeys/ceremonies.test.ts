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
  test('prompts once if creation returns the PRF value, and later uses return the same value', async () => {
    const platform = platformWith();
    const made = await createPasskey(platform, signUp);
    expect(platform.passkeys.ceremonies).toHaveLength(1);
    expect(made).toMatchObject({ credentialID: 'passkey-1', prfFrom: 'create' });
    expect((await getPasskey(platform, signIn)).prfOutput).toEqual(made.prfOutput);
  });

  test('prompts a second time, for the same passkey, if creation did not return the PRF value', async () => {
    const platform = platformWith({ prf: 'on-get' });
    const made = await createPasskey(platform, signUp);
    expect(made).toMatchObject({ credentialID: 'passkey-1', prfFrom: 'get' });
    expect(platform.passkeys.ceremonies).toHaveLength(2);
    expect(platform.passkeys.ceremonies[1]).toMatchObject({ allowCredentialIDs: ['passkey-1'], prfInput });
  });

  test('gives each registration a new random user ID, because a repeated one would overwrite the passkey', async () => {
    const platform = platformWith();
    await createPasskey(platform, signUp);
    await createPasskey(platform, signUp);
    const userIDs = platform.passkeys.ceremonies.map((request) =>
      'userID' in request ? request.userID : undefined,
    );
    expect(userIDs[0]).toHaveLength(32);
    expect(userIDs[0]).not.toEqual(userIDs[1]);
  });

  test('names the left-over passkey if it has no PRF', async () => {
    await expect(createPasskey(platformWith({ prf: 'none' }), signUp)).rejects.toMatchObject({
      code: 'PASSKEY_PRF_UNAVAILABLE',
      details: leftOver,
      message: expect.stringContaining('“Ada” may be left over') as string,
    });
  });

  test('rejects a PRF value of another length', async () => {
    await expect(createPasskey(platformWith({ prfLength: 31 }), signUp)).rejects.toMatchObject({
      code: 'PASSKEY_PRF_UNAVAILABLE',
      details: leftOver,
    });
  });

  test('rejects a passkey that did not verify the user', async () => {
    await expect(createPasskey(platformWith({ userVerified: false }), signUp)).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      cause: { code: 'PASSKEY_REFUSED' },
    });
  });

  test('names the left-over passkey if the second prompt is refused', async () => {
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

test('using a passkey offers only the allowed ones', async () => {
  const platform = platformWith();
  await createPasskey(platform, signUp);
  await createPasskey(platform, signUp);
  const used = await getPasskey(platform, { ...signIn, allowCredentialIDs: ['passkey-1'] });
  expect(used.credentialID).toBe('passkey-1');
});

describe('a failed prompt', () => {
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
    const cause = new DOMException('as the browser reports it', name);
    platform.passkeys.failNext(cause);
    await expect(createPasskey(platform, signUp)).rejects.toMatchObject({ code, cause });
  });

  test('autofill that the browser ends rejects with ABORTED, because the user saw no prompt to refuse', async () => {
    const platform = platformWith();
    const cause = new DOMException('', 'NotAllowedError');
    platform.passkeys.failNext(cause);
    const offered = getPasskey(platform, { ...signIn, autofill: true });
    await expect(offered).rejects.toMatchObject({ code: 'ABORTED', cause });
  });

  test('no error claims that the user cancelled', async () => {
    const platform = platformWith();
    platform.passkeys.failNext(new DOMException('', 'NotAllowedError'));
    await expect(getPasskey(platform, signIn)).rejects.toMatchObject({
      message: expect.not.stringMatching(/cancel/i) as string,
    });
  });

  test('the app’s signal closes an open prompt', async () => {
    const platform = platformWith();
    const aborting = new AbortController();
    platform.passkeys.waitNext();
    const signedIn = getPasskey(platform, { ...signIn, signal: aborting.signal });
    aborting.abort();
    await expect(signedIn).rejects.toMatchObject({ code: 'ABORTED', cause: { name: 'AbortError' } });
  });

  test('no prompt opens if the signal was aborted before', async () => {
    const platform = platformWith();
    const reason = new Error('the page navigated');
    const signal = AbortSignal.abort(reason);
    await expect(getPasskey(platform, { ...signIn, signal })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: reason,
    });
    expect(platform.passkeys.ceremonies).toEqual([]);
  });
});
