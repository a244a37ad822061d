import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Passkeys } from '../../platform/passkey-api.ts';
import { kernelMapOf, passkeyOf } from '../../../test/support/session/account-parts.ts';
import { createFakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { isPhraseRevealed, recordRemoval } from '../account/kernel-map.ts';
import { requireSecure } from '../account/secure-platform.ts';
import { holdSeed } from '../account/seed-holder.ts';
import type { Session } from '../session.ts';
import { signUp } from '../sign-up/sign-up.ts';
import { accountOfSeed } from './phrase-account.ts';
import { phraseModule } from './phrase-module.ts';
import { phraseToSeed, seedToPhrase } from './recovery-phrase.ts';
import { createPhraseReveal } from './reveal-phrase.ts';
import { signInWithPhrase } from './sign-in-with-phrase.ts';
import { signUpWithPhrase } from './sign-up-with-phrase.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const anotherPhrase = seedToPhrase(new Uint8Array(32).fill(3));

async function signedUpWith(get: Passkeys['get']): Promise<Session> {
  const device = sessions.device({ passkeys: { ...sessions.passkeys, get } });
  const session = await signUp(device, { sync: false });
  sessions.onEnd(() => session.close());
  return session;
}

async function withoutPasskey() {
  const made = await signUpWithPhrase(sessions.device(), { sync: false });
  sessions.onEnd(() => made.session.close());
  return made;
}

async function expectHidden(session: Session, revealing: Promise<string>, code: string): Promise<void> {
  await expect(revealing).rejects.toMatchObject({ code });
  expect(isPhraseRevealed(kernelMapOf(session))).toBe(false);
}

describe('an account with a passkey', () => {
  test('[ACC-15] reveals its phrase after one prompt for that passkey, and records that it did', async () => {
    const session = await sessions.signedUp({ sync: false });
    expect(isPhraseRevealed(kernelMapOf(session))).toBe(false);
    const phrase = await session.revealRecoveryPhrase();
    expect(sessions.passkeys.ceremonies).toHaveLength(2);
    expect(sessions.passkeys.ceremonies[1]).toMatchObject({
      rpID: 'app.example',
      allowCredentialIDs: [passkeyOf(session).credentialID],
    });
    const { genesis } = await accountOfSeed(requireSecure(createBrowserPlatform()), phraseToSeed(phrase));
    expect(genesis.accountID).toBe(session.accountID);
    expect(isPhraseRevealed(kernelMapOf(session))).toBe(true);
  });

  test('is not marked as revealed if the word list cannot be loaded, and reveals the phrase once it can', async () => {
    const session = await sessions.signedUp({ sync: false });
    const notLoaded = createKernelError('KERNEL_NOT_LOADED', 'no network');
    vi.spyOn(phraseModule, 'load').mockRejectedValueOnce(notLoaded).mockRejectedValueOnce(notLoaded);
    await expectHidden(session, session.revealRecoveryPhrase(), 'KERNEL_NOT_LOADED');
    expect(await session.revealRecoveryPhrase()).toMatch(/^(?:[a-z]+ ){23}[a-z]+$/);
  });

  test('prompts again each time', async () => {
    const session = await sessions.signedUp({ sync: false });
    const phrase = await session.revealRecoveryPhrase();
    expect(await session.revealRecoveryPhrase()).toBe(phrase);
    expect(sessions.passkeys.ceremonies).toHaveLength(3);
  });

  test('is not revealed by the passkey of another account', async () => {
    const other = await sessions.signedUp({ sync: false });
    const { credentialID } = passkeyOf(other);
    const session = await signedUpWith((request) =>
      sessions.passkeys.get({ ...request, allowCredentialIDs: [credentialID] }),
    );
    await expectHidden(session, session.revealRecoveryPhrase(), 'ACCOUNT_INVALID');
  });

  test('is not revealed if the prompt is refused', async () => {
    const session = await sessions.signedUp({ sync: false });
    sessions.passkeys.failNext(new DOMException('', 'NotAllowedError'));
    await expectHidden(session, session.revealRecoveryPhrase(), 'PASSKEY_REFUSED');
  });

  test('is not revealed if the user was not verified', async () => {
    const session = await signedUpWith(async (request) => ({
      ...(await sessions.passkeys.get(request)),
      userVerified: false,
    }));
    await expectHidden(session, session.revealRecoveryPhrase(), 'PASSKEY_REFUSED');
  });

  test('does not prompt for a passkey that was removed', async () => {
    const session = await sessions.signedUp({ sync: false });
    recordRemoval(kernelMapOf(session), passkeyOf(session));
    await expectHidden(session, session.revealRecoveryPhrase(), 'PHRASE_INVALID');
    expect(sessions.passkeys.ceremonies).toHaveLength(1);
  });

  test('stops when the app aborts it', async () => {
    const session = await sessions.signedUp({ sync: false });
    const aborting = new AbortController();
    sessions.passkeys.waitNext();
    const revealing = session.revealRecoveryPhrase({ signal: aborting.signal });
    aborting.abort();
    await expectHidden(session, revealing, 'ABORTED');
  });

  test('reveals its phrase without a prompt if the user types it', async () => {
    const session = await sessions.signedUp({ sync: false });
    const phrase = await session.revealRecoveryPhrase();
    expect(await session.revealRecoveryPhrase({ phrase: ` ${phrase.toUpperCase()} ` })).toBe(phrase);
    expect(sessions.passkeys.ceremonies).toHaveLength(2);
  });
});

describe('a closed session', () => {
  test('reveals nothing and prompts for nothing once the session is closed', async () => {
    const session = await sessions.signedUp({ sync: false });
    await session.close();
    await expect(session.revealRecoveryPhrase()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
    expect(sessions.passkeys.ceremonies).toHaveLength(1);
  });

  test('reveals nothing if the session is closed during the prompt', async () => {
    const session: Session = await signedUpWith(async (request) => {
      await session.close();
      return sessions.passkeys.get(request);
    });
    await expectHidden(session, session.revealRecoveryPhrase(), 'SESSION_CLOSED');
  });
});

describe('the reach of an account that has only a phrase', () => {
  async function confirmedWithoutPasskey() {
    const made = await signUpWithPhrase(sessions.device(), { sync: { url: sessions.relay.url } });
    sessions.onEnd(() => made.session.close());
    await untilConfirmed(made.session);
    return made;
  }

  test('[ACC-22] is this device until the user has typed the phrase, however well the relay has the account', async () => {
    const { session, phrase } = await confirmedWithoutPasskey();
    const before = session.passkeys.state.current;
    expect(before).toMatchObject({ phraseRevealed: true, phraseKept: false, reach: 'this-device' });
    await session.revealRecoveryPhrase({ phrase });
    await until(() =>
      expect(session.passkeys.state.current).toMatchObject({ phraseKept: true, reach: 'elsewhere' }),
    );
  });

  test('is elsewhere once the user has signed in with the phrase, on every device', async () => {
    const { session, phrase } = await confirmedWithoutPasskey();
    const url = sessions.relay.url;
    const other = await signInWithPhrase(sessions.device(), phrase, { sync: { url } });
    sessions.onEnd(() => other.close());
    await until(() => expect(other.passkeys.state.current.reach).toBe('elsewhere'));
    await until(() =>
      expect(session.passkeys.state.current).toMatchObject({ phraseKept: true, reach: 'elsewhere' }),
    );
  });
});

test('[ACC-22] a phrase that was only shown does not count, with or without a passkey', async () => {
  const bound = createFakePasskeys({ kind: 'bound' });
  const device = sessions.device({ passkeys: bound });
  const session = await signUp(device, { sync: { url: sessions.relay.url } });
  sessions.onEnd(() => session.close());
  const phrase = await session.revealRecoveryPhrase();
  await untilConfirmed(session);
  const shown = session.passkeys.state.current;
  expect(shown).toMatchObject({ phraseRevealed: true, phraseKept: false, reach: 'this-device' });
  await expect(session.passkeys.remove('passkey-1')).rejects.toMatchObject({ code: 'PASSKEY_LAST' });
  await session.revealRecoveryPhrase({ phrase });
  await until(() => expect(session.passkeys.state.current.reach).toBe('elsewhere'));
});

describe('an account without a passkey', () => {
  test('reveals its phrase again only if the user types it', async () => {
    const { session, phrase } = await withoutPasskey();
    await expect(session.revealRecoveryPhrase()).rejects.toMatchObject({
      code: 'PHRASE_INVALID',
      message: expect.stringContaining('only after the user types it') as string,
    });
    expect(await session.revealRecoveryPhrase({ phrase: phrase.toUpperCase() })).toBe(phrase);
    expect(sessions.passkeys.ceremonies).toEqual([]);
  });

  test.each([
    ['another account’s', anotherPhrase, 'ACCOUNT_INVALID'],
    ['none', 'not a phrase', 'PHRASE_INVALID'],
    ['nothing', '', 'PHRASE_INVALID'],
  ])('is not revealed by %s', async (_, phrase, code) => {
    const { session } = await withoutPasskey();
    await expect(session.revealRecoveryPhrase({ phrase })).rejects.toMatchObject({ code });
  });
});

test('is not revealed by the phrase of another account', async () => {
  const session = await sessions.signedUp({ sync: false });
  await expectHidden(session, session.revealRecoveryPhrase({ phrase: anotherPhrase }), 'ACCOUNT_INVALID');
});

test('a session without a seed reports that, and prompts for nothing', async () => {
  const session = await sessions.signedUp({ sync: false });
  const reveal = createPhraseReveal({
    platform: sessions.device(),
    kernelMap: kernelMapOf(session),
    seed: holdSeed(undefined),
    sync: session.sync,
    options: {},
  });
  await expectHidden(session, reveal(), 'SEED_UNKNOWN');
  expect(sessions.passkeys.ceremonies).toHaveLength(1);
});
