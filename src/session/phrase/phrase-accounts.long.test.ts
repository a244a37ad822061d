import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRandom } from '../../../test/long/seeded-random.ts';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { systemClock } from '../../base/clock.ts';
import { isKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { kernelMapOf, rootOf } from '../../../test/support/session/account-parts.ts';
import { createFakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import {
  clockWithSpeed,
  createTestSessions,
  type TestSessions,
} from '../../../test/support/session/test-sessions.ts';
import { isPhraseRevealed, readPasskeys } from '../account/kernel-map.ts';
import { requireSecure } from '../account/secure-platform.ts';
import { activeSession } from '../active-session.ts';
import type { Session, SessionOptions, SignUpOptions } from '../session.ts';
import { accountOfSeed } from './phrase-account.ts';
import { phraseToSeed, seedToPhrase } from './recovery-phrase.ts';
import { signInWithPhrase } from './sign-in-with-phrase.ts';
import { signUpWithPhrase } from './sign-up-with-phrase.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });
const untilConfirmed = (session: Session) =>
  until(() => expect(session.sync.current).toMatchObject({ status: 'confirmed', confirmed: { pending: 0 } }));

/** A browser in which no passkey can open an account. */
function deviceWithoutPasskeys(changes: Partial<Platform> = {}): Platform {
  const passkeys = createFakePasskeys({
    prf: 'none',
    support: { webauthn: false, prf: 'no', autofill: false },
  });
  return sessions.device({ passkeys, ...changes });
}

const withRelay = (): SessionOptions => ({ sync: { url: sessions.relay.url } });

async function signedUp(options: SignUpOptions = withRelay()) {
  const made = await signUpWithPhrase(deviceWithoutPasskeys(), options);
  sessions.onEnd(() => made.session.close());
  return made;
}

async function signedIn(phrase: string, options = withRelay()): Promise<Session> {
  const session = await signInWithPhrase(deviceWithoutPasskeys(), phrase, options);
  sessions.onEnd(() => session.close());
  return session;
}

describe('signing up with a phrase', () => {
  test('opens a live account without any passkey, and answers its seed as words', async () => {
    const { session, phrase } = await signedUp();
    rootOf(session).set('note', 'mine');
    expect(activeSession.current).toBe(session);
    const platform = requireSecure(createBrowserPlatform());
    const { genesis } = await accountOfSeed(platform, phraseToSeed(phrase));
    expect(session.accountID).toBe(genesis.accountID);
    expect(readPasskeys(kernelMapOf(session))).toEqual([]);
  });

  test('counts the phrase as revealed', async () => {
    const { session } = await signedUp();
    expect(isPhraseRevealed(kernelMapOf(session))).toBe(true);
  });

  test('works without a relay, and everything goes up when there is one', async () => {
    await sessions.stopRelay();
    const { session, phrase } = await signedUp();
    await sessions.startRelay();
    session.sync.reconnect();
    await untilConfirmed(session);
    expect((await signedIn(phrase)).accountID).toBe(session.accountID);
  });

  test('outside of a secure context is PASSKEY_UNSUPPORTED', async () => {
    await expect(
      signUpWithPhrase(deviceWithoutPasskeys({ subtle: undefined }), { sync: false }),
    ).rejects.toMatchObject({ code: 'PASSKEY_UNSUPPORTED' });
  });

  test('where the app ended it makes nothing', async () => {
    await expect(
      signUpWithPhrase(deviceWithoutPasskeys(), { sync: false, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    expect(activeSession.current).toBeUndefined();
  });

  test('two accounts are two', async () => {
    const [one, other] = [await signedUp({ sync: false }), await signedUp({ sync: false })];
    expect(one.phrase).not.toBe(other.phrase);
    expect(one.session.accountID).not.toBe(other.session.accountID);
  });
});

describe('signing in with a phrase on a device that has nothing', () => {
  test('opens the same account, with all that it holds', async () => {
    const { session, phrase } = await signedUp();
    rootOf(session).set('note', 'from the first');
    await untilConfirmed(session);
    const second = await signedIn(`  ${phrase.toUpperCase()}\n`);
    expect(second.accountID).toBe(session.accountID);
    await until(() => expect(rootOf(second).get('note')).toBe('from the first'));
    await until(() => expect(isPhraseRevealed(kernelMapOf(second))).toBe(true));
  });

  test('a phrase that no account has is ACCOUNT_NOT_FOUND, and makes none', async () => {
    const phrase = seedToPhrase(new Uint8Array(32).fill(1));
    const signingIn = signInWithPhrase(deviceWithoutPasskeys(), phrase, withRelay());
    await expect(signingIn).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_FOUND',
      details: { host: new URL(sessions.relay.url).host },
      message: expect.stringMatching(/Check them.*open the app once, online, on the device/) as string,
    });
    expect(activeSession.current).toBeUndefined();
    await expect(signingIn).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  });

  test('an account of which the relay has the header alone is ACCOUNT_NOT_FOUND', async () => {
    const seed = new Uint8Array(32).fill(2);
    const { genesis } = await accountOfSeed(requireSecure(createBrowserPlatform()), seed.slice());
    const [beginning] = genesis.content;
    if (!beginning) throw new Error('no content');
    sessions.relay.node.syncManager.handleNewContent({ ...beginning, new: {} }, 'import');
    expect(sessions.relay.node.getCoValue(genesis.accountID).isAvailable()).toBe(true);
    await expect(
      signInWithPhrase(deviceWithoutPasskeys(), seedToPhrase(seed), withRelay()),
    ).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  });

  test('with the relay down is RELAY_UNREACHABLE', async () => {
    const { phrase } = await signedUp({ sync: false });
    await sessions.stopRelay();
    await expect(signInWithPhrase(deviceWithoutPasskeys(), phrase, withRelay())).rejects.toMatchObject({
      code: 'RELAY_UNREACHABLE',
    });
  });

  test('with sync off is SYNC_OFF', async () => {
    const { phrase } = await signedUp({ sync: false });
    await expect(signInWithPhrase(deviceWithoutPasskeys(), phrase, { sync: false })).rejects.toMatchObject({
      code: 'SYNC_OFF',
    });
  });

  test('a relay that says nothing is waited for within a limit', async () => {
    const { phrase } = await signedUp({ sync: false });
    const { url } = await startSilentServer();
    const device = deviceWithoutPasskeys({ clock: clockWithSpeed(20) });
    await expect(signInWithPhrase(device, phrase, { sync: { url } })).rejects.toMatchObject({
      code: 'RELAY_SILENT',
    });
  });

  test('ends when the app says so, while a relay is asked', async () => {
    const { phrase } = await signedUp({ sync: false });
    const aborting = new AbortController();
    const { url } = await startSilentServer(() => aborting.abort(new Error('the page went on')));
    await expect(
      signInWithPhrase(deviceWithoutPasskeys(), phrase, { sync: { url }, signal: aborting.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'the page went on' } });
  });

  test('what is no phrase is PHRASE_INVALID before anything is asked', async () => {
    await sessions.stopRelay();
    await expect(
      signInWithPhrase(deviceWithoutPasskeys(), 'not a phrase', withRelay()),
    ).rejects.toMatchObject({ code: 'PHRASE_INVALID', details: { reason: 'length' } });
  });

  test('the phrase of another account than was asked for is ACCOUNT_INVALID, and opens nothing', async () => {
    const { session, phrase } = await signedUp();
    const other = await signedUp();
    await untilConfirmed(session);
    const options = { ...withRelay(), accountID: other.session.accountID };
    await expect(signInWithPhrase(deviceWithoutPasskeys(), phrase, options)).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
    });
    expect(activeSession.current).toBe(other.session);
    expect((await signedIn(phrase, { ...options, accountID: session.accountID })).accountID).toBe(
      session.accountID,
    );
  });
});

describe('a mistaken phrase', () => {
  const word = (words: readonly string[], position: number) => words.at(position % 24) ?? '';

  function* mistakenPhrases(count: number): Generator<string> {
    const random = createRandom(4);
    let words: readonly string[] = [];
    for (let made = 0; made < count;) {
      if (made % 100 === 0)
        words = seedToPhrase(Uint8Array.from({ length: 32 }, () => random(0, 255))).split(' ');
      const [one, distance] = [random(0, 23), random(1, 23)];
      const replaced = words.with(one, word(words, one + distance));
      const swapped = replaced.with((one + distance) % 24, word(words, one));
      if (word(words, one) === word(replaced, one)) continue;
      yield (made++ % 2 === 0 ? replaced : swapped).join(' ');
    }
  }

  test('makes no account: 20,000 with a word replaced, or two swapped', { timeout: 120_000 }, async () => {
    const { session } = await signedUp();
    await untilConfirmed(session);
    const accountsAtRelay = () => {
      return [...sessions.relay.node.allCoValues()].filter((core) => core.isAvailable()).length;
    };
    const before = accountsAtRelay();
    // Many ask at once, and the machine may be slow: the limits are the real ones.
    const device = deviceWithoutPasskeys({ clock: systemClock });
    const codes = await Promise.all(
      [...mistakenPhrases(20_000)].map((mistaken) =>
        signInWithPhrase(device, mistaken, withRelay()).then(
          () => 'opened',
          (error: unknown) => (isKernelError(error) ? error.code : 'another error'),
        ),
      ),
    );
    expect([...new Set(codes)].sort()).toEqual(['ACCOUNT_NOT_FOUND', 'PHRASE_INVALID']);
    expect(codes).toHaveLength(20_000);
    expect(activeSession.current).toBe(session);
    expect(accountsAtRelay()).toBe(before);
  });
});

async function startSilentServer(onConnection = () => {}): Promise<{ readonly url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  sessions.onEnd(() => new Promise((resolve) => server.close(resolve)));
  server.on('connection', (socket) => {
    sessions.onEnd(() => socket.destroy());
    onConnection();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
