import { expect, test } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import type { Page, Platform } from '../../platform/platform.ts';
import {
  createFakePasskeys,
  type FakePasskeysOptions,
} from '../../../test/support/platform/fake-passkeys.ts';
import { passkeySupport, requireAutofill, requirePasskeys, requireSignIn } from './passkey-support.ts';

function platformWith(support: FakePasskeysOptions['support'], page: Partial<Page> = {}): Platform {
  const platform = createBrowserPlatform();
  const url = new URL('https://app.example/');
  return {
    ...platform,
    page: { isOnline: true, isVisible: true, isSecureContext: true, url, on: platform.page.on, ...page },
    passkeys: createFakePasskeys(support && { support }),
  };
}

const report = { webauthn: true, prf: 'yes', autofill: true } as const;
const everything = { ...report, authenticator: 'yes' } as const;

test('offers a passkey if the browser supports it', async () => {
  expect(await passkeySupport(platformWith(everything))).toEqual({ ...report, offer: 'passkey' });
});

test('offers a passkey if the browser does not report its support', async () => {
  const support = { ...everything, prf: 'unknown', authenticator: 'unknown' } as const;
  expect(await passkeySupport(platformWith(support))).toEqual({
    ...report,
    prf: 'unknown',
    offer: 'passkey',
  });
});

test('offers the phrase if only a security key could answer, and leaves the key to those who ask for it', async () => {
  const platform = platformWith({ ...everything, authenticator: 'no' });
  expect(await passkeySupport(platform)).toEqual({
    ...report,
    offer: 'recovery-phrase',
    reason: expect.stringContaining('security key') as string,
  });
  await expect(requirePasskeys(platform)).resolves.toBeUndefined();
  await expect(requireSignIn(platform)).resolves.toBeUndefined();
});

test('a security key does not help where the browser lacks PRF', async () => {
  const platform = platformWith({ ...everything, prf: 'no', authenticator: 'no' });
  expect(await passkeySupport(platform)).toMatchObject({
    offer: 'recovery-phrase',
    reason: expect.stringContaining('PRF') as string,
  });
});

test.each([
  [
    'no WebAuthn',
    { webauthn: false, prf: 'no', autofill: false, authenticator: 'no' },
    {},
    'PASSKEY_UNSUPPORTED',
    /does not support passkeys/,
  ],
  ['an insecure context', everything, { isSecureContext: false }, 'PASSKEY_UNSUPPORTED', /HTTPS/],
  ['no PRF', { ...everything, prf: 'no' }, {}, 'PASSKEY_PRF_UNAVAILABLE', /PRF/],
] as const)(
  'with %s explains why before a useless passkey is created',
  async (_, support, page, code, reason) => {
    const platform = platformWith(support, page);
    expect(await passkeySupport(platform)).toMatchObject({
      offer: 'recovery-phrase',
      reason: expect.stringMatching(reason) as string,
    });
    await expect(requirePasskeys(platform)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(reason) as string,
    });
  },
);

test.each(['https://127.0.0.1:4000/', 'https://[::1]/'])(
  'a page opened at %s is asked to use a host name',
  async (url) => {
    expect(await passkeySupport(platformWith(everything, { url: new URL(url) }))).toMatchObject({
      offer: 'recovery-phrase',
      reason: expect.stringContaining('localhost') as string,
    });
  },
);

test('returns an answer in Node, without a browser', async () => {
  expect(await passkeySupport(createBrowserPlatform())).toMatchObject({
    webauthn: false,
    prf: 'no',
    autofill: false,
    offer: 'recovery-phrase',
  });
});

const firefoxOnAndroid = 'Mozilla/5.0 (Android 14; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0';
const safari18 =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15';

test('known facts count if the browser reports nothing, so no useless passkey is created', async () => {
  const platform = platformWith({ ...everything, prf: 'unknown' }, { userAgent: firefoxOnAndroid });
  expect(await passkeySupport(platform)).toMatchObject({
    prf: 'no',
    offer: 'recovery-phrase',
    reason: expect.stringContaining('Firefox on Android') as string,
  });
  await expect(requirePasskeys(platform)).rejects.toMatchObject({
    code: 'PASSKEY_PRF_UNAVAILABLE',
    message: expect.stringContaining('Firefox on Android') as string,
  });
  await expect(requireSignIn(platform)).resolves.toBeUndefined();
});

test('the browser’s own report takes precedence', async () => {
  const platform = platformWith(everything, { userAgent: firefoxOnAndroid });
  expect(await passkeySupport(platform)).toEqual({ ...report, offer: 'passkey' });
});

test('an engine that can return a wrong value is reported, but not blocked', async () => {
  const platform = platformWith(everything, { userAgent: safari18 });
  expect(await passkeySupport(platform)).toMatchObject({
    prf: 'yes',
    offer: 'recovery-phrase',
    reason: expect.stringContaining('18.4') as string,
  });
  await expect(requirePasskeys(platform)).resolves.toBeUndefined();
});

test('autofill without browser support is PASSKEY_UNSUPPORTED', async () => {
  await expect(requireAutofill(platformWith(everything))).resolves.toBeUndefined();
  await expect(requireAutofill(platformWith({ ...everything, autofill: false }))).rejects.toMatchObject({
    code: 'PASSKEY_UNSUPPORTED',
    message: expect.stringContaining('autofill') as string,
  });
});
