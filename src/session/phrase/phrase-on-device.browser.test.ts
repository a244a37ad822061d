import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kernelMapOf, rootOf } from '../../../test/support/session/account-parts.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';
import { isPhraseRevealed } from '../account/kernel-map.ts';
import { activeSession } from '../active-session.ts';
import type { Session } from '../session.ts';
import type { SessionOptions, SignUpOptions } from '../session-options.ts';
import { seedToPhrase } from './recovery-phrase.ts';
import { signInWithPhrase } from './sign-in-with-phrase.ts';
import { signUpWithPhrase } from './sign-up-with-phrase.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';

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

/** Creates an account with a note on this device, and closes its session. */
async function leftWith(options: SignUpOptions = {}): Promise<string> {
  const { session, phrase } = await signedUp(options);
  rootOf(session).set('note', 'kept');
  await untilSaved(session);
  await closeAll();
  return phrase;
}

describe('an account created with a phrase', () => {
  test('opens after a reload without a prompt or a phrase', async () => {
    await leftWith();
    const session = await device.reloaded();
    expect(rootOf(session).get('note')).toBe('kept');
    expect(device.passkeys.ceremonies).toEqual([]);
  });

  test('reveals its phrase after a reload only if the user types it', async () => {
    const phrase = await leftWith();
    const session = await device.reloaded();
    await expect(session.revealRecoveryPhrase()).rejects.toMatchObject({ code: 'PHRASE_INVALID' });
    expect(await session.revealRecoveryPhrase({ phrase })).toBe(phrase);
  });

  test('leaves neither the phrase nor the seed in plain text on the device', async () => {
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

  test('can be signed in to offline if the device has it', async () => {
    const phrase = await leftWith();
    expect(rootOf(await signedIn(phrase)).get('note')).toBe('kept');
  });

  test('remembered as “passkey”, needs the phrase at each start and keeps its data', async () => {
    const phrase = await leftWith({ remember: 'passkey' });
    expect(await device.vaults()).toEqual([]);
    expect(await device.resumed()).toBeUndefined();
    expect(rootOf(await signedIn(phrase, { remember: 'passkey' })).get('note')).toBe('kept');
    expect(await device.vaults()).toEqual([]);
  });

  test('remembered as “never”, leaves nothing', async () => {
    const { session, phrase } = await signedUp({ remember: 'never' });
    expect(session.storage.current.state).toBe('memory-only');
    await closeAll();
    expect(await device.databases.names()).toEqual([]);
    await expect(signedIn(phrase, { remember: 'never' })).rejects.toMatchObject({ code: 'SYNC_OFF' });
    expect(await device.databases.names()).toEqual([]);
  });

  test('is not created if the device already has one, unless the app asks for another', async () => {
    await leftWith();
    await expect(signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
    expect(await device.vaults()).toHaveLength(1);
    await signedUp({ anotherAccount: true });
    expect(await device.vaults()).toHaveLength(2);
  });

  test('is created once if two tabs sign up at the same time', async () => {
    const outcomes = await Promise.allSettled([signedUp(), signedUp()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'PASSKEY_ALREADY_HERE' } });
    expect(await device.vaults()).toHaveLength(1);
  });

  test('leaves nothing if it cannot be opened', async () => {
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
  test('removes it from the device; its phrase then needs a relay', async () => {
    const { session, phrase } = await signedUp();
    await untilSaved(session);
    await session.signOut({ discardUnsynced: true });
    expect(await device.vaults()).toEqual([]);
    expect(await device.databases.names()).not.toContain(`maia-${session.accountID}`);
    await expect(signedIn(phrase)).rejects.toMatchObject({ code: 'SYNC_OFF' });
  });

  test('with its encrypted data kept, lets the phrase open it again', async () => {
    const { session, phrase } = await signedUp();
    rootOf(session).set('note', 'kept');
    await untilSaved(session);
    await session.signOut({ keepEncryptedData: true });
    expect(await device.resumed()).toBeUndefined();
    expect(rootOf(await signedIn(phrase)).get('note')).toBe('kept');
  });
});

describe('an account created with a passkey', () => {
  test('opens by its phrase too, offline', async () => {
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

test('a phrase is revealed only after this device has recorded that it was', async () => {
  const session = await device.signedUp();
  await untilSaved(session);
  const write = await device.databases.hold(`maia-${session.accountID}`, 'segments');
  const revealed = watchPromise(session.revealRecoveryPhrase());
  await expect.poll(() => isPhraseRevealed(kernelMapOf(session))).toBe(true);
  expect(revealed.isSettled).toBe(false);
  write();
  await revealed.settled;
});
