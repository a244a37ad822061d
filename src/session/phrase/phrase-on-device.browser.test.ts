import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { kernelMapOf, rootOf } from '../../../test/support/session/account-parts.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';
import { isPhraseRevealed } from '../account/kernel-map.ts';
import { activeSession } from '../active-session.ts';
import type { Session, SessionOptions, SignUpOptions } from '../session.ts';
import { seedToPhrase } from './recovery-phrase.ts';
import { signInWithPhrase } from './sign-in-with-phrase.ts';
import { signUpWithPhrase } from './sign-up-with-phrase.ts';

let device: TestDevice;
const open: Session[] = [];
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  await closeAll();
  await device.end();
});

async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((session) => session.close()));
}

async function signedUp(options: SignUpOptions = {}) {
  const made = await signUpWithPhrase(device.platform, { sync: false, ...options });
  open.push(made.session);
  return made;
}

async function signedIn(phrase: string, options: SessionOptions = {}): Promise<Session> {
  const session = await signInWithPhrase(device.platform, phrase, { sync: false, ...options });
  open.push(session);
  return session;
}

const untilSaved = (session: Session) =>
  vi.waitFor(() => expect(session.sync.current.saved).toEqual({ pending: 0 }), { timeout: 10_000 });

/** An account with a note on this device, with nobody in it. */
async function leftWith(options: SignUpOptions = {}): Promise<string> {
  const { session, phrase } = await signedUp(options);
  rootOf(session).set('note', 'kept');
  await untilSaved(session);
  await closeAll();
  return phrase;
}

describe('an account made with a phrase', () => {
  test('is opened after a reload with no prompt and no phrase', async () => {
    await leftWith();
    const session = await device.reloaded();
    expect(rootOf(session).get('note')).toBe('kept');
    expect(device.passkeys.ceremonies).toEqual([]);
  });

  test('shows its phrase after a reload only to who types it', async () => {
    const phrase = await leftWith();
    const session = await device.reloaded();
    await expect(session.revealRecoveryPhrase()).rejects.toMatchObject({ code: 'PHRASE_INVALID' });
    expect(await session.revealRecoveryPhrase({ phrase })).toBe(phrase);
  });

  test('stands on the device without the phrase or the seed in plain text', async () => {
    const phrase = await leftWith();
    const [vault] = await device.vaults();
    expect(Object.keys(vault ?? {}).sort()).toEqual([
      'accountID',
      'label',
      'lastUsedAtMs',
      'sealed',
      'v',
      'wrappingKey',
    ]);
    expect(JSON.stringify(vault)).not.toContain(phrase.split(' ')[0]);
  });

  test('is signed in to offline, where the device has it', async () => {
    const phrase = await leftWith();
    expect(rootOf(await signedIn(phrase)).get('note')).toBe('kept');
  });

  test('remembered as “passkey” needs the phrase at each start, and its data stays', async () => {
    const phrase = await leftWith({ remember: 'passkey' });
    expect(await device.vaults()).toEqual([]);
    expect(await device.resumed()).toBeUndefined();
    expect(rootOf(await signedIn(phrase, { remember: 'passkey' })).get('note')).toBe('kept');
    expect(await device.vaults()).toEqual([]);
  });

  test('remembered as “never” leaves nothing', async () => {
    const { session, phrase } = await signedUp({ remember: 'never' });
    expect(session.storage.current.state).toBe('memory-only');
    await closeAll();
    expect(await device.databases.names()).toEqual([]);
    await expect(signedIn(phrase, { remember: 'never' })).rejects.toMatchObject({ code: 'SYNC_OFF' });
    expect(await device.databases.names()).toEqual([]);
  });

  test('is not made where the device has one already, unless another is wanted', async () => {
    await leftWith();
    await expect(signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
    expect(await device.vaults()).toHaveLength(1);
    await signedUp({ anotherAccount: true });
    expect(await device.vaults()).toHaveLength(2);
  });

  test('is one, where two tabs sign up at once', async () => {
    const outcomes = await Promise.allSettled([signedUp(), signedUp()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'PASSKEY_ALREADY_HERE' } });
    expect(await device.vaults()).toHaveLength(1);
  });

  test('leaves nothing where it cannot be opened', async () => {
    const on = () => {
      throw new Error('as it came');
    };
    const page = { ...device.platform.page, url: undefined, isSecureContext: true, on };
    const failing = signUpWithPhrase({ ...device.platform, page }, { sync: { url: 'ws://127.0.0.1:9' } });
    await expect(failing).rejects.toThrow('as it came');
    expect(await device.databases.names()).toEqual(['maia-device']);
    expect(await device.vaults()).toEqual([]);
    expect(activeSession.current).toBeUndefined();
  });
});

describe('signing out of an account without a passkey', () => {
  test('removes it: its phrase then needs a relay', async () => {
    const { session, phrase } = await signedUp();
    await untilSaved(session);
    await session.signOut({ discardUnsynced: true });
    expect(await device.vaults()).toEqual([]);
    expect(await device.databases.names()).not.toContain(`maia-${session.accountID}`);
    await expect(signedIn(phrase)).rejects.toMatchObject({ code: 'SYNC_OFF' });
  });

  test('with its encrypted data kept, leaves it to who types the phrase', async () => {
    const { session, phrase } = await signedUp();
    rootOf(session).set('note', 'kept');
    await untilSaved(session);
    await session.signOut({ keepEncryptedData: true });
    expect(await device.resumed()).toBeUndefined();
    expect(rootOf(await signedIn(phrase)).get('note')).toBe('kept');
  });
});

describe('an account made with a passkey', () => {
  test('is opened by its phrase too, offline', async () => {
    const session = await device.signedUp();
    rootOf(session).set('note', 'kept');
    const phrase = await session.revealRecoveryPhrase();
    await untilSaved(session);
    await device.closeAll();
    const again = await signedIn(phrase);
    expect(again.accountID).toBe(session.accountID);
    expect(rootOf(again).get('note')).toBe('kept');
  });
});

describe('signing in with a phrase that this device does not know', () => {
  test('leaves no trace of it', async () => {
    const phrase = seedToPhrase(new Uint8Array(32).fill(1));
    await expect(signedIn(phrase)).rejects.toMatchObject({ code: 'SYNC_OFF' });
    expect(await device.databases.names()).toEqual([]);
    await leftWith();
    const names = await device.databases.names();
    await expect(signedIn(phrase)).rejects.toMatchObject({ code: 'SYNC_OFF' });
    expect(await device.databases.names()).toEqual(names);
    expect(await device.vaults()).toHaveLength(1);
  });
});

describe('a damaged vault', () => {
  test('is set aside by the phrase', async () => {
    const phrase = await leftWith();
    const [vault] = await device.vaults();
    if (!vault) throw new Error('no vault');
    await device.putVault({ ...vault, sealed: { ...vault.sealed, data: 'AAAA' } });
    await expect(device.resumed()).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    expect(rootOf(await signedIn(phrase)).get('note')).toBe('kept');
    await closeAll();
    expect(rootOf(await device.reloaded()).get('note')).toBe('kept');
  });
});

test('the phrase is shown no sooner than this device has written that it was', async () => {
  const session = await device.signedUp();
  await untilSaved(session);
  const write = await device.databases.hold(`maia-${session.accountID}`, 'segments');
  const revealed = watchPromise(session.revealRecoveryPhrase());
  await expect.poll(() => isPhraseRevealed(kernelMapOf(session))).toBe(true);
  expect(revealed.isSettled).toBe(false);
  write();
  await revealed.settled;
});
