import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
import type { Session } from '../session.ts';
import type { SessionOptions, SignUpOptions } from '../session-options.ts';
import { accountOfSeed } from './phrase-account.ts';
import { phraseToSeed, seedToPhrase } from './recovery-phrase.ts';
import { signInWithPhrase } from './sign-in-with-phrase.ts';
import { signUpWithPhrase } from './sign-up-with-phrase.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

/** A browser in which no passkey can open an account. */
function deviceWithoutPasskeys(changes: Partial<Platform> = {}): Platform {
  const passkeys = createFakePasskeys({
    prf: 'none',
    support: { webauthn: false, prf: 'no', autofill: false, authenticator: 'no' },
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
  test('opens a live account without a passkey, and returns its seed as words', async () => {
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

  test('works without a relay, and uploads everything when a relay is available', async () => {
    await sessions.stopRelay();
    const { session, phrase } = await signedUp();
    await sessions.startRelay();
    session.sync.reconnect();
    await untilConfirmed(session);
    expect((await signedIn(phrase)).accountID).toBe(session.accountID);
  });

  test('is PASSKEY_UNSUPPORTED outside a secure context', async () => {
    await expect(
      signUpWithPhrase(deviceWithoutPasskeys({ subtle: undefined }), { sync: false }),
    ).rejects.toMatchObject({ code: 'PASSKEY_UNSUPPORTED' });
  });

  test('creates nothing if the app aborts it', async () => {
    await expect(
      signUpWithPhrase(deviceWithoutPasskeys(), { sync: false, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    expect(activeSession.current).toBeUndefined();
  });

  test('creates two different accounts when called twice', async () => {
    const [one, other] = [await signedUp({ sync: false }), await signedUp({ sync: false })];
    expect(one.phrase).not.toBe(other.phrase);
    expect(one.session.accountID).not.toBe(other.session.accountID);
  });
});

describe('signing in with a phrase on a device without data', () => {
  test('opens the same account with all its content', async () => {
    const { session, phrase } = await signedUp();
    rootOf(session).set('note', 'from the first');
    await untilConfirmed(session);
    const second = await signedIn(`  ${phrase.toUpperCase()}\n`);
    expect(second.accountID).toBe(session.accountID);
    await until(() => expect(rootOf(second).get('note')).toBe('from the first'));
    await until(() => expect(isPhraseRevealed(kernelMapOf(second))).toBe(true));
  });

  test('is ACCOUNT_NOT_FOUND for a phrase without an account, and creates none', async () => {
    const phrase = seedToPhrase(new Uint8Array(32).fill(1));
    const signingIn = signInWithPhrase(deviceWithoutPasskeys(), phrase, withRelay());
    await expect(signingIn).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_FOUND',
      details: { host: new URL(sessions.relay.url).host },
      message: expect.stringMatching(
        /Check the words.*open the app once, while online, on the device/,
      ) as string,
    });
    expect(activeSession.current).toBeUndefined();
    await expect(signingIn).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  });

  test('is ACCOUNT_NOT_FOUND if the relay has only the account’s header', async () => {
    const seed = new Uint8Array(32).fill(2);
    const { genesis } = await accountOfSeed(requireSecure(createBrowserPlatform()), seed.slice());
    const [beginning] = await genesis.content();
    if (!beginning) throw new Error('no content');
    sessions.relay.node.syncManager.handleNewContent({ ...beginning, new: {} }, 'import');
    expect(sessions.relay.node.getCoValue(genesis.accountID).isAvailable()).toBe(true);
    await expect(
      signInWithPhrase(deviceWithoutPasskeys(), seedToPhrase(seed), withRelay()),
    ).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  });

  test('is RELAY_UNREACHABLE if the relay is down', async () => {
    const { phrase } = await signedUp({ sync: false });
    await sessions.stopRelay();
    await expect(signInWithPhrase(deviceWithoutPasskeys(), phrase, withRelay())).rejects.toMatchObject({
      code: 'RELAY_UNREACHABLE',
    });
  });

  test('is SYNC_OFF if sync is off', async () => {
    const { phrase } = await signedUp({ sync: false });
    await expect(signInWithPhrase(deviceWithoutPasskeys(), phrase, { sync: false })).rejects.toMatchObject({
      code: 'SYNC_OFF',
    });
  });

  test('gives up a silent relay after a time limit', async () => {
    const { phrase } = await signedUp({ sync: false });
    const { url } = await startSilentServer();
    const device = deviceWithoutPasskeys({ clock: clockWithSpeed(20) });
    await expect(signInWithPhrase(device, phrase, { sync: { url } })).rejects.toMatchObject({
      code: 'RELAY_SILENT',
    });
  });

  test('stops when the app aborts it while a relay is asked', async () => {
    const { phrase } = await signedUp({ sync: false });
    const aborting = new AbortController();
    const { url } = await startSilentServer(() => aborting.abort(new Error('the page navigated')));
    await expect(
      signInWithPhrase(deviceWithoutPasskeys(), phrase, { sync: { url }, signal: aborting.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'the page navigated' } });
  });

  test('rejects an invalid phrase with PHRASE_INVALID before it asks a relay', async () => {
    await sessions.stopRelay();
    await expect(
      signInWithPhrase(deviceWithoutPasskeys(), 'not a phrase', withRelay()),
    ).rejects.toMatchObject({ code: 'PHRASE_INVALID', details: { reason: 'length' } });
  });

  test('is ACCOUNT_INVALID, and opens nothing, if the phrase belongs to another account than requested', async () => {
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

  test(
    '[ACC-14] creates no account for 20,000 phrases with one word replaced or two swapped',
    { timeout: 120_000 },
    async () => {
      const { session } = await signedUp();
      await untilConfirmed(session);
      const accountsAtRelay = () => {
        return [...sessions.relay.node.allCoValues()].filter((core) => core.isAvailable()).length;
      };
      const before = accountsAtRelay();
      // Many lookups run at once on a machine that may be slow, so this uses the real time limits.
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
    },
  );
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
