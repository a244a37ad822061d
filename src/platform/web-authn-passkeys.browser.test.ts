import { afterEach, describe, expect, test, vi } from 'vitest';
import { cdp } from 'vitest/browser';
import {
  plugInAuthenticator,
  type VirtualAuthenticatorOptions,
} from '../../test/support/platform/virtual-authenticator.ts';
import type { PasskeyCreation } from './passkey-api.ts';
import { createWebAuthnPasskeys } from './web-authn-passkeys.ts';

// Runs ceremonies in Chromium with its virtual authenticator.

const passkeys = createWebAuthnPasskeys();
const rpID = location.hostname;
const prfInput = new Uint8Array(21).fill(7);
const anyPasskey = { rpID, allowCredentialIDs: [], prfInput };

let unplug: (() => Promise<void>) | undefined;
afterEach(() => vi.restoreAllMocks());
afterEach(() => unplug?.());
async function plugIn(options?: VirtualAuthenticatorOptions): Promise<void> {
  ({ unplug } = await plugInAuthenticator(cdp(), options));
}

function creation(changes: Partial<PasskeyCreation> = {}): PasskeyCreation {
  const userID = crypto.getRandomValues(new Uint8Array(32));
  return { rpID, rpName: 'Test', userID, userName: 'Ada', excludeCredentialIDs: [], prfInput, ...changes };
}

test('creation returns a verified PRF output, and later use returns the same', async () => {
  await plugIn();
  const made = await passkeys.create(creation());
  expect(made).toMatchObject({ userVerified: true, prf: { kind: 'output', output: { length: 32 } } });
  expect(made).toMatchObject(await passkeys.get(anyPasskey));
});

test('a different input yields a different output', async () => {
  await plugIn();
  const { prf } = await passkeys.create(creation());
  const other = await passkeys.get({ ...anyPasskey, prfInput: new Uint8Array(21).fill(8) });
  expect(other.prf).not.toEqual(prf);
});

test('creation reports an authenticator that evaluates its PRF only on use', async () => {
  await plugIn({ prf: 'on-get' });
  const made = await passkeys.create(creation());
  expect(made.prf).toEqual({ kind: 'enabled' });
  const used = await passkeys.get({ ...anyPasskey, allowCredentialIDs: [made.credentialID] });
  expect(used).toMatchObject({
    credentialID: made.credentialID,
    userVerified: true,
    prf: { kind: 'output' },
  });
});

test('creation reports an authenticator without PRF', async () => {
  await plugIn({ prf: 'none' });
  expect((await passkeys.create(creation())).prf).toEqual({ kind: 'none' });
  expect((await passkeys.get(anyPasskey)).prf).toEqual({ kind: 'none' });
});

test.each([true, false])('creation and use report whether a passkey is backed up: %s', async (isBackedUp) => {
  await plugIn({ isBackedUp });
  const backup = { isEligible: isBackedUp, isBackedUp };
  const made = await passkeys.create(creation());
  expect(made).toMatchObject({ backup, transports: ['internal'] });
  expect(await passkeys.get(anyPasskey)).toMatchObject({ backup });
});

test.each([
  [
    'InvalidStateError',
    async () => {
      const { credentialID } = await passkeys.create(creation());
      return passkeys.create(creation({ excludeCredentialIDs: [credentialID] }));
    },
  ],
  ['SecurityError', () => passkeys.create(creation({ rpID: 'elsewhere.example' }))],
  ['SecurityError', () => passkeys.get({ ...anyPasskey, rpID: 'elsewhere.example' })],
  ['NotAllowedError', () => passkeys.get({ ...anyPasskey, allowCredentialIDs: ['bm90aGluZw'] })],
])('browser errors keep their name and cause: %s', async (name, ceremony) => {
  await plugIn();
  const error = await ceremony().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name, cause: { name } });
  expect((error as Error).cause).toBeInstanceOf(DOMException);
});

test('creation fails if the authenticator cannot verify the user', async () => {
  await plugIn({ isUserVerified: false });
  await expect(passkeys.create(creation())).rejects.toMatchObject({ name: 'NotAllowedError' });
});

test('a signal ends an open prompt', async () => {
  await plugIn({ isPresent: false });
  const aborting = new AbortController();
  const prompt = passkeys.create(creation({ signal: aborting.signal }));
  aborting.abort();
  await expect(prompt).rejects.toMatchObject({ name: 'AbortError' });
});

describe('autofill', () => {
  const autofill = { ...anyPasskey, autofill: true };

  test('autofill returns the passkey that the user picks, even in a page without an input field', async () => {
    await plugIn();
    const made = await passkeys.create(creation());
    expect(made).toMatchObject(await passkeys.get(autofill));
  });

  test('autofill ends if its signal aborts in the tick of its start', async () => {
    await plugIn({ isPresent: false });
    const aborting = new AbortController();
    const picking = passkeys.get({ ...autofill, signal: aborting.signal });
    aborting.abort();
    await expect(picking).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('autofill gives way to another ceremony, however early that starts', async () => {
    await plugIn();
    const picking = passkeys.get(autofill);
    const replaced = expect(picking).rejects.toMatchObject({ name: 'AbortError' });
    expect((await passkeys.create(creation())).userVerified).toBe(true);
    await replaced;
  });

  test('the last of three concurrent ceremonies runs', async () => {
    await plugIn();
    const first = expect(passkeys.get(autofill)).rejects.toMatchObject({ name: 'AbortError' });
    const second = expect(passkeys.get(anyPasskey)).rejects.toMatchObject({ name: 'AbortError' });
    await passkeys.create(creation());
    await Promise.all([first, second]);
  });
});

test('the Signal API is used if the browser has it, and a missing passkey provider is not a failure', async () => {
  await plugIn();
  const { credentialID } = await passkeys.create(creation());
  expect(await passkeys.signalUnknown({ rpID, credentialID })).toBe(
    'signalUnknownCredential' in PublicKeyCredential,
  );
  expect(await passkeys.signalUnknown({ rpID: 'elsewhere.example', credentialID })).toBe(false);
});

test('Chromium reports support', async () => {
  await plugIn();
  expect(await passkeys.support()).toMatchObject({ webauthn: true, prf: 'yes', authenticator: 'yes' });
});

test.each([
  ['a phone can answer', { hybridTransport: true }, 'yes'],
  ['nothing but a security key can', { hybridTransport: false }, 'no'],
  ['the browser does not say', {}, 'unknown'],
] as const)(
  'without an authenticator of its own, a device reports whether %s',
  async (_, capabilities, answer) => {
    vi.spyOn(PublicKeyCredential, 'getClientCapabilities').mockResolvedValue(capabilities);
    vi.spyOn(PublicKeyCredential, 'isUserVerifyingPlatformAuthenticatorAvailable').mockResolvedValue(false);
    expect(await passkeys.support()).toMatchObject({ authenticator: answer });
  },
);
