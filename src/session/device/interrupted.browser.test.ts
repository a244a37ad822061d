import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Passkeys } from '../../platform/passkey-api.ts';
import type { Platform } from '../../platform/platform.ts';
import { passkeyOf } from '../../../test/support/session/account-parts.ts';
import { createFakePasskeys, type FakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { activeSession } from '../active-session.ts';
import { accountsHere } from './accounts-here.ts';
import type { SignUpOptions } from '../session-options.ts';
import { signUp } from '../sign-up/sign-up.ts';

// A tab that closes leaves what it committed, and nothing that it had in memory.

const offline = { sync: false } as const;
let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  await device.closeAll();
  while (activeSession.current) await activeSession.current.close();
  await device.end();
});

const leftOver = { credentialID: 'passkey-1', label: 'Ada' };

/** Runs a sign-up until a step of `stops` calls `reached` and never resolves, as if the tab closed there. */
function interrupted(
  stops: (reached: () => void) => Partial<Platform>,
  options: SignUpOptions = {},
): Promise<void> {
  return new Promise((reached) => {
    const platform = { ...device.platform, locks: undefined, ...stops(reached) };
    void signUp(platform, { ...offline, name: 'Ada', ...options });
  });
}

function never<T>(reached: () => void): Promise<T> {
  reached();
  return new Promise(() => {});
}

/** Blocks key derivation: the tab closes after the passkey is noted and before the account exists. */
const beforeTheVault = (reached: () => void): Partial<Platform> => ({
  subtle: Object.assign(Object.create(crypto.subtle) as SubtleCrypto, { importKey: () => never(reached) }),
});

const promptsOf = (passkeys: FakePasskeys) =>
  passkeys.ceremonies.map((request) => ('userID' in request ? 'create' : request.allowCredentialIDs));

describe('a tab that ended between passkey and vault', () => {
  test('[ACC-5] leaves no account on the device, and the next sign-up continues with the same passkey', async () => {
    await interrupted(beforeTheVault);
    expect(await device.resumed()).toBeUndefined();
    expect(await accountsHere(device.platform)).toEqual([]);

    const session = await device.signedUp({ name: 'Another name' });
    expect(promptsOf(device.passkeys)).toEqual(['create', ['passkey-1']]);
    expect(passkeyOf(session)).toMatchObject({ ...leftOver, prfFrom: 'get' });
    expect((await device.reloaded()).accountID).toBe(session.accountID);
    await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
  });

  test('also between the two prompts of a provider that evaluates its PRF on use', async () => {
    const passkeys = createFakePasskeys({ prf: 'on-get' });
    await interrupted((reached) => ({ passkeys: { ...passkeys, get: () => never(reached) } }));
    const session = await signUp({ ...device.platform, passkeys }, offline);
    expect(promptsOf(passkeys)).toEqual(['create', ['passkey-1']]);
    expect(passkeyOf(session)).toMatchObject(leftOver);
  });

  test('is reported when the user signs in with that passkey', async () => {
    await interrupted(beforeTheVault);
    await expect(device.signedIn()).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      message: expect.stringContaining('Sign up again') as string,
    });
  });

  test('[ACC-23] is kept if its passkey is refused: a sign-up creates another one only if that is gone', async () => {
    await interrupted(beforeTheVault);
    const refused = { code: 'PASSKEY_ORPHANED', details: leftOver, cause: { code: 'PASSKEY_REFUSED' } };
    device.passkeys.failNext(new DOMException('', 'NotAllowedError'));
    await expect(device.signedUp()).rejects.toMatchObject(refused);
    await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ORPHANED', details: leftOver });
    expect(device.passkeys.signalled).toEqual([]);
    await device.passkeys.signalUnknown({ rpID: location.hostname, credentialID: 'passkey-1' });
    await expect(device.signedUp()).rejects.toMatchObject(refused);
    expect(passkeyOf(await device.signedUp()).credentialID).toBe('passkey-2');
  });

  test('is kept if the app ends the prompt', async () => {
    await interrupted(beforeTheVault);
    const aborting = new AbortController();
    device.passkeys.waitNext();
    const signingUp = device.signedUp({ signal: aborting.signal });
    await expect.poll(() => device.passkeys.ceremonies.length).toBe(2);
    aborting.abort();
    await expect(signingUp).rejects.toMatchObject({ code: 'ABORTED' });
    expect(passkeyOf(await device.signedUp()).credentialID).toBe('passkey-1');
  });

  describe('on a device that knows the passkey of an account that was signed out', () => {
    beforeEach(async () => {
      await (await device.signedUp()).signOut({ discardUnsynced: true });
    });

    test('[ACC-5] is continued too if it began after that', async () => {
      const phone = createFakePasskeys({ name: 'phone' });
      await interrupted((reached) => ({ ...beforeTheVault(reached), passkeys: phone }));
      const session = await device.signedUp({}, phone);
      expect(promptsOf(phone)).toEqual(['create', ['phone-1']]);
      expect(passkeyOf(session).credentialID).toBe('phone-1');
    });

    test('does not hide that passkey from a user who chooses its provider', async () => {
      const phone = createFakePasskeys({ name: 'phone' });
      await interrupted((reached) => ({ ...beforeTheVault(reached), passkeys: phone }));
      await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ORPHANED' });
      await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
    });

    test('is not continued if it began before that, and the provider refuses another passkey', async () => {
      await device.databases.request('maia-device', 'credentials', (store) =>
        store.put({
          ...{ v: 1, credentialID: 'phone-1', rpID: location.hostname, label: 'Ada', madeAtMs: 1 },
          ...{ isUnfinished: true, besides: [] },
        }),
      );
      await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
      expect(promptsOf(device.passkeys)).toEqual(['create', 'create']);
    });
  });

  test('does not hide an account that the device knows', async () => {
    await device.signedUp();
    await interrupted(beforeTheVault, { anotherAccount: true });
    await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
  });
});

describe('a failure after the passkey was created', () => {
  const failing: Partial<Platform> = {
    subtle: Object.assign(Object.create(crypto.subtle) as SubtleCrypto, {
      importKey: () => Promise.reject(new Error('broken')),
    }),
  };
  const signingUp = (passkeys: FakePasskeys) =>
    signUp({ ...device.platform, ...failing, passkeys }, { ...offline, name: 'Ada' });

  test('is signaled to the passkey provider, and the next sign-up starts over', async () => {
    await expect(signingUp(device.passkeys)).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      message: expect.stringContaining('may be left over') as string,
      cause: { message: 'broken' },
    });
    expect(device.passkeys.signalled).toEqual(['passkey-1']);
    expect(passkeyOf(await device.signedUp()).credentialID).toBe('passkey-2');
  });

  test('without the Signal API leaves the passkey to the next sign-up, and reports it', async () => {
    const passkeys = createFakePasskeys({ hasSignals: false });
    await expect(signingUp(passkeys)).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      message: expect.stringContaining('continue with the passkey “Ada”') as string,
    });
    const session = await signUp({ ...device.platform, passkeys }, offline);
    expect(passkeyOf(session).credentialID).toBe('passkey-1');
  });
});

describe('two tabs that sign up at once', () => {
  test.each<[string, () => Passkeys]>([
    ['the same passkey provider', () => device.passkeys],
    ['different passkey providers', () => createFakePasskeys({ name: 'phone' })],
  ])('[ACC-7] create one account, and the second is asked to sign in: %s', async (_, other) => {
    const [one, two] = await Promise.allSettled([
      device.signedUp({ name: 'Ada' }),
      device.signedUp({ name: 'Bob' }, other()),
    ]);
    expect([one, two]).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'PASSKEY_ALREADY_HERE' } },
    ]);
    expect(device.passkeys.ceremonies).toHaveLength(1);
    expect(await accountsHere(device.platform)).toHaveLength(1);
  });

  test('create two accounts if the second asks for another', async () => {
    await Promise.all([
      device.signedUp({ name: 'Ada' }),
      device.signedUp({ name: 'Bob', anotherAccount: true }),
    ]);
    expect((await accountsHere(device.platform)).map(({ label }) => label).toSorted()).toEqual([
      'Ada',
      'Bob',
    ]);
  });
});

/** Fails the nth transaction on `maia-device`, and all later ones if `stays`. */
function failingAt(nth: number, stays: boolean, failed: () => void): IDBFactory {
  let count = 0;
  return Object.assign(Object.create(indexedDB) as IDBFactory, {
    deleteDatabase: (name: string) => indexedDB.deleteDatabase(name),
    open(name: string, version?: number) {
      const request = indexedDB.open(name, version);
      request.addEventListener('success', () => {
        const db = request.result;
        const begin = db.transaction.bind(db);
        if (name !== 'maia-device') return;
        db.transaction = (...args) => {
          count++;
          if (count < nth || (count > nth && !stays)) return begin(...args);
          failed();
          throw new DOMException('broken', 'UnknownError');
        };
      });
      return request;
    },
  });
}

test.each([
  ['once', false],
  ['from then on', true],
])('[ACC-6] IndexedDB that refuses %s, at any step, leaves a whole account or none', async (_, stays) => {
  const outcomes: string[] = [];
  for (let step = 1; ; step++) {
    let hasFailed = false;
    const refusing = failingAt(step, stays, () => (hasFailed = true));
    const passkeys = createFakePasskeys({ hasSignals: false });
    const result = await signUp({ ...device.platform, passkeys, indexedDB: refusing }, offline).catch(
      (error: unknown) => error,
    );
    const made = result instanceof Error ? undefined : activeSession.current?.accountID;
    await activeSession.current?.close();
    if (!hasFailed) break;
    outcomes.push(made ? 'account' : (result as { readonly code: string }).code);
    // The next start opens the account that this run created, unless the browser stored nothing at all.
    const resumed = await device.resumed();
    expect([undefined, made]).toContain(resumed?.accountID);
    await device.closeAll();
    const again = await signUp({ ...device.platform, passkeys }, offline).catch((error: unknown) => error);
    const known = await accountsHere(device.platform);
    expect(known).toHaveLength(1);
    if (again instanceof Error) expect(known[0]?.accountID).toBe(made);
    await activeSession.current?.close();
    await device.databases.deleteAll();
  }
  expect(outcomes.length).toBeGreaterThan(4);
  expect(new Set(outcomes)).toEqual(new Set(['account', 'PASSKEY_ORPHANED']));
});
