import { expect, test } from 'vitest';
import { createBrowserPlatform } from '../platform/browser-platform.ts';
import type { Page, Platform } from '../platform/platform.ts';
import { createFakePasskeys, type FakePasskeysOptions } from '../testing/fake-passkeys.ts';
import { passkeySupport, requirePasskeys } from './passkey-support.ts';

function platformWith(support: FakePasskeysOptions['support'], page: Partial<Page> = {}): Platform {
  const platform = createBrowserPlatform();
  const url = new URL('https://app.example/');
  return {
    ...platform,
    page: { isOnline: true, isVisible: true, isSecureContext: true, url, on: platform.page.on, ...page },
    passkeys: createFakePasskeys(support && { support }),
  };
}

const everything = { webauthn: true, prf: 'yes', autofill: true } as const;

test('offers a passkey where the browser can', async () => {
  expect(await passkeySupport(platformWith(everything))).toEqual({ ...everything, offer: 'passkey' });
});

test('offers a passkey where the browser does not say whether it can', async () => {
  const support = { ...everything, prf: 'unknown' } as const;
  expect(await passkeySupport(platformWith(support))).toEqual({ ...support, offer: 'passkey' });
});

test.each([
  ['no WebAuthn', { webauthn: false, prf: 'no', autofill: false }, {}, 'PASSKEY_UNSUPPORTED', /no passkeys/],
  ['an insecure context', everything, { isSecureContext: false }, 'PASSKEY_UNSUPPORTED', /https:/],
  ['no PRF', { ...everything, prf: 'no' }, {}, 'PASSKEY_PRF_UNAVAILABLE', /PRF/],
] as const)('with %s says why, before a passkey is made in vain', async (_, support, page, code, reason) => {
  const platform = platformWith(support, page);
  expect(await passkeySupport(platform)).toMatchObject({
    offer: 'recovery-phrase',
    reason: expect.stringMatching(reason) as string,
  });
  await expect(requirePasskeys(platform)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(reason) as string,
  });
});

test.each(['https://127.0.0.1:4000/', 'https://[::1]/'])(
  'a page opened at %s is told to use a name',
  async (url) => {
    expect(await passkeySupport(platformWith(everything, { url: new URL(url) }))).toMatchObject({
      offer: 'recovery-phrase',
      reason: expect.stringContaining('localhost') as string,
    });
  },
);

test('answers in Node, where there is no browser', async () => {
  expect(await passkeySupport(createBrowserPlatform())).toMatchObject({
    webauthn: false,
    prf: 'no',
    autofill: false,
    offer: 'recovery-phrase',
  });
});
