import { afterEach, expect, test, vi } from 'vitest';
import { cdp } from 'vitest/browser';
import { createDatabases } from '../../test/support/storage/databases.ts';
import { plugInAuthenticator } from '../../test/support/platform/virtual-authenticator.ts';
import { activeSession } from './active-session.ts';
import { getPasskeySupport, resumeSession, signInWithPasskey, signUpWithPasskey } from './with-passkey.ts';
import { until } from '../../test/support/until.ts';

// The public functions with Chromium's own WebAuthn, WebCrypto and IndexedDB.

let unplug: (() => Promise<void>) | undefined;
afterEach(async () => {
  while (activeSession.current) await activeSession.current.close();
  await createDatabases(indexedDB).deleteAll();
  await unplug?.();
});

test.each(['on-create', 'on-get'] as const)(
  'an account from sign-up to sign-in, with PRF %s',
  async (prf) => {
    ({ unplug } = await plugInAuthenticator(cdp(), { prf }));
    expect(await getPasskeySupport()).toMatchObject({ offer: 'passkey', prf: 'yes' });
    expect(await resumeSession({ sync: false })).toBeUndefined();

    const made = await signUpWithPasskey({ sync: false, name: 'Ada' });
    expect(activeSession.current).toBe(made);
    await expect(signUpWithPasskey({ sync: false })).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
    await made.close();
    expect(activeSession.current).toBeUndefined();

    const resumed = await resumeSession({ sync: false });
    expect(resumed?.accountID).toBe(made.accountID);
    await resumed?.close();
    const signedIn = await signInWithPasskey({ sync: false });
    expect(signedIn.accountID).toBe(made.accountID);
  },
);

test('the error for a passkey without PRF names it, so that it can be deleted', async () => {
  ({ unplug } = await plugInAuthenticator(cdp(), { prf: 'none' }));
  await expect(signUpWithPasskey({ sync: false, name: 'Ada' })).rejects.toMatchObject({
    code: 'PASSKEY_PRF_UNAVAILABLE',
    details: { credentialID: expect.any(String) as string, label: 'Ada' },
  });
});

test('a wrong relying party is PASSKEY_INVALID_RP_ID', async () => {
  ({ unplug } = await plugInAuthenticator(cdp()));
  const elsewhere = { sync: false, rpID: 'elsewhere.example' } as const;
  await expect(signUpWithPasskey(elsewhere)).rejects.toMatchObject({ code: 'PASSKEY_INVALID_RP_ID' });
  await expect(signInWithPasskey(elsewhere)).rejects.toMatchObject({ code: 'PASSKEY_INVALID_RP_ID' });
});

test('autofill opens the account, and gives way to a sign-up', async () => {
  ({ unplug } = await plugInAuthenticator(cdp()));
  const asked = vi.spyOn(navigator.credentials, 'get');
  const picking = signInWithPasskey({ sync: false, autofill: true });
  // Chromium's authenticator is empty, and may fail before the sign-up ends the wait.
  const replaced = expect(picking).rejects.toMatchObject({ code: 'ABORTED' });
  // Autofill that begins to wait after the sign-up would pick the new passkey.
  await until(() => expect(asked).toHaveBeenCalledOnce());
  asked.mockRestore();
  const made = await signUpWithPasskey({ sync: false, name: 'Ada' });
  await replaced;
  await made.close();
  const session = await signInWithPasskey({ sync: false, autofill: true });
  expect(session.accountID).toBe(made.accountID);
});

test('autofill ends by its signal, however early', async () => {
  ({ unplug } = await plugInAuthenticator(cdp(), { isPresent: false }));
  const aborting = new AbortController();
  const picking = signInWithPasskey({ sync: false, autofill: true, signal: aborting.signal });
  aborting.abort();
  await expect(picking).rejects.toMatchObject({ code: 'ABORTED' });
});
