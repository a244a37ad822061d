import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RelayOptions } from '../../src/relay/index.ts';
import { signInWithPhrase } from '../../src/session/phrase/sign-in-with-phrase.ts';
import { signIn } from '../../src/session/sign-in.ts';
import { signUp } from '../../src/session/sign-up/sign-up.ts';
import { startRelay } from '../support/relay/test-relay.ts';
import { rootOf } from '../support/session/account-parts.ts';
import { keeper } from '../support/session/passkey-devices.ts';
import { createTestSessions, type TestSessions } from '../support/session/test-sessions.ts';
import { until } from '../support/until.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

/** An account that is on the first device and at a relay that asks for account proofs. */
async function setUp(options: RelayOptions = {}) {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true }, ...options });
  const sync = { url: relay.url.replace('http', 'ws'), auth: 'account' } as const;
  const [laptop, phone] = [keeper('laptop'), keeper('phone')];
  const platform = { ...sessions.device(), passkeys: laptop };
  const first = await signUp(platform, { sync });
  sessions.onEnd(() => first.close());
  rootOf(first).set('word', 'from the first device');
  await first.sync.whenConfirmed();

  async function openedBy(passkeys: typeof laptop) {
    const session = await signIn(sessions.device({ passkeys }), { sync });
    sessions.onEnd(() => session.close());
    return session;
  }
  return { sync, first, platform, laptop, phone, openedBy };
}

describe('[CONN-21] at a relay that asks for account proofs, a new device', () => {
  it('opens the account by its passkey alone', async () => {
    const { first, laptop, openedBy } = await setUp();
    const second = await openedBy(laptop);
    expect(second.accountID).toBe(first.accountID);
    await until(() => expect(rootOf(second).get('word')).toBe('from the first device'));
    rootOf(second).set('answer', 'from the second device');
    await until(() => expect(rootOf(first).get('answer')).toBe('from the second device'));
  });

  it('opens the account by its recovery phrase', async () => {
    const { sync, first } = await setUp();
    const phrase = await first.revealRecoveryPhrase();
    const second = await signInWithPhrase(sessions.device(), phrase, { sync });
    sessions.onEnd(() => second.close());
    await until(() => expect(rootOf(second).get('word')).toBe('from the first device'));
  });

  it('learns that its passkey has no account, or was removed from it', async () => {
    const { first, platform, phone, openedBy } = await setUp();
    platform.passkeys = phone;
    const added = await first.passkeys.add();
    const offline = keeper('offline');
    const elsewhere = await signUp(sessions.device({ passkeys: offline }), { sync: false });
    sessions.onEnd(() => elsewhere.close());
    await expect(openedBy(offline)).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
    await first.sync.whenConfirmed();
    await first.passkeys.remove(added.id);
    await first.sync.whenConfirmed();
    await expect(openedBy(phone)).rejects.toMatchObject({ code: 'PASSKEY_REMOVED' });
  });

  it('learns that too many devices of its network ask at once, and may try again', async () => {
    const { laptop, openedBy } = await setUp({ limits: { lookupsPerMinute: 1 } });
    await openedBy(laptop);
    await expect(openedBy(laptop)).rejects.toMatchObject({
      code: 'RELAY_LIMIT',
      message: expect.stringContaining('1 lookups of passkeys a minute') as string,
    });
  });
});
