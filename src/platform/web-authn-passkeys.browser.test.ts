import { afterEach, describe, expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { plugInAuthenticator, type VirtualAuthenticatorOptions } from '../testing/virtual-authenticator.ts';
import type { PasskeyCreation } from './passkey-api.ts';
import { createWebAuthnPasskeys } from './web-authn-passkeys.ts';

// Real ceremonies in real Chromium, with its virtual authenticator.

const passkeys = createWebAuthnPasskeys();
const rpID = location.hostname;
const prfInput = new Uint8Array(21).fill(7);
const anyPasskey = { rpID, allowCredentialIDs: [], prfInput };

let unplug: (() => Promise<void>) | undefined;
afterEach(() => unplug?.());
async function plugIn(options?: VirtualAuthenticatorOptions): Promise<void> {
  unplug = await plugInAuthenticator(cdp(), options);
}

function creation(changes: Partial<PasskeyCreation> = {}): PasskeyCreation {
  const userID = crypto.getRandomValues(new Uint8Array(32));
  return { rpID, rpName: 'Test', userID, userName: 'Ada', excludeCredentialIDs: [], prfInput, ...changes };
}

test('the value of the PRF comes on create, verified, and is the same on use', async () => {
  await plugIn();
  const made = await passkeys.create(creation());
  expect(made).toMatchObject({ userVerified: true, prf: { kind: 'output', output: { length: 32 } } });
  expect(await passkeys.get(anyPasskey)).toEqual(made);
});

test('another input gives another value', async () => {
  await plugIn();
  const { prf } = await passkeys.create(creation());
  const other = await passkeys.get({ ...anyPasskey, prfInput: new Uint8Array(21).fill(8) });
  expect(other.prf).not.toEqual(prf);
});

test('an authenticator that evaluates its PRF on use only says so on create', async () => {
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

test('an authenticator without PRF says so', async () => {
  await plugIn({ prf: 'none' });
  expect((await passkeys.create(creation())).prf).toEqual({ kind: 'none' });
  expect((await passkeys.get(anyPasskey)).prf).toEqual({ kind: 'none' });
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
])('what the browser throws keeps its name and its cause: %s', async (name, ceremony) => {
  await plugIn();
  const error = await ceremony().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name, cause: { name } });
  expect((error as Error).cause).toBeInstanceOf(DOMException);
});

test('a person whom the authenticator cannot verify gets no passkey', async () => {
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

  test('gives the passkey that the person picks, also in a page without a field for it', async () => {
    await plugIn();
    const made = await passkeys.create(creation());
    expect(await passkeys.get(autofill)).toEqual(made);
  });

  test('ends by its signal in the very tick of its start', async () => {
    await plugIn({ isPresent: false });
    const aborting = new AbortController();
    const picking = passkeys.get({ ...autofill, signal: aborting.signal });
    aborting.abort();
    await expect(picking).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('gives way to another ceremony, however early that comes', async () => {
    await plugIn();
    const picking = passkeys.get(autofill);
    const replaced = expect(picking).rejects.toMatchObject({ name: 'AbortError' });
    expect((await passkeys.create(creation())).userVerified).toBe(true);
    await replaced;
  });

  test('of three that were asked for at once, the last one runs', async () => {
    await plugIn();
    const first = expect(passkeys.get(autofill)).rejects.toMatchObject({ name: 'AbortError' });
    const second = expect(passkeys.get(anyPasskey)).rejects.toMatchObject({ name: 'AbortError' });
    await passkeys.create(creation());
    await Promise.all([first, second]);
  });
});

test('the Signal API is used where the browser has it, and a keeper that is not there is no failure', async () => {
  await plugIn();
  const { credentialID } = await passkeys.create(creation());
  expect(await passkeys.signalUnknown({ rpID, credentialID })).toBe(
    'signalUnknownCredential' in PublicKeyCredential,
  );
  expect(await passkeys.signalUnknown({ rpID: 'elsewhere.example', credentialID })).toBe(false);
});

test('Chromium says that it can', async () => {
  expect(await passkeys.support()).toMatchObject({ webauthn: true, prf: 'yes' });
});
