import { RawGroup, type RawAccount, type RawCoMap } from 'cojson';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dumpTables } from '../../../test/support/relay/table-dump.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { createFakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';
import type { Database } from '../../relay/database/database.ts';
import type { Session } from '../session.ts';
import { signIn } from '../sign-in.ts';
import { signUp } from '../sign-up/sign-up.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

async function openRelay() {
  let database: Database | undefined;
  const relay = await startRelay({ storage: 'memory:' }, (opened) => (database = opened));
  return {
    ...relay,
    url: relay.url,
    dump: () => (database ? dumpTables(database.query) : Promise.resolve('')),
  };
}

async function opened(opening: Promise<Session>): Promise<Session> {
  const session = await opening;
  sessions.onEnd(() => session.close());
  return session;
}

describe('[ACC-31] eraseAccount', () => {
  test('erases the account at the relay after one prompt, and signs out', async () => {
    const relay = await openRelay();
    const sync = { url: relay.url };
    const session = await opened(signUp(sessions.device(), { sync }));
    const map = session.node.createGroup().createMap();
    map.set('word', 'canary-word', 'trusting');
    await untilConfirmed(session);
    const [preview] = await session.previewErasure();
    expect(preview).toMatchObject({ relay: expect.stringMatching(/^ws:.*\/sync$/) as string, kept: [] });
    const { length } = sessions.passkeys.ceremonies;
    const closed = vi.fn();
    session.on('closed', closed);
    const [erased] = await session.eraseAccount();
    expect(sessions.passkeys.ceremonies).toHaveLength(length + 1);
    expect(closed).toHaveBeenCalledWith(undefined);
    const { accountID, erased: sums, kept } = erased?.certificate ?? {};
    expect({ accountID, kept, sums }).toEqual({
      accountID: session.accountID,
      kept: [],
      sums: { coValues: preview?.coValues, transactions: preview?.transactions, bytes: preview?.bytes },
    });
    const dump = await relay.dump();
    expect(dump).not.toMatch(/canary-word|public\.(?:covalues|sessions|transactions) /);
    // Nothing leads from the passkey to the account any more.
    await expect(signIn(sessions.device(), { sync })).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' });
  });

  test('leaves other members and their devices as they are, and another device of the account its edits', async () => {
    const relay = await openRelay();
    const sync = { url: relay.url };
    const session = await opened(signUp(sessions.device(), { sync }));
    const bobPasskeys = createFakePasskeys({ name: 'bob' });
    const bob = await opened(signUp(sessions.device({ passkeys: bobPasskeys }), { sync }));
    await untilConfirmed(bob);
    const group = session.node.createGroup();
    group.addMember(await session.load<RawAccount>(bob.accountID), 'writer');
    const map = group.createMap({ word: 'by Alice' });
    await untilConfirmed(session);
    const bobs = await bob.load(map.id);
    const phone = await opened(signIn(sessions.device(), { sync }));
    const phones = await phone.load(map.id);
    phone.sync.pause();
    phones.set('word', 'offline');
    const [erased] = await session.eraseAccount();
    expect(erased?.certificate.kept.map(({ id }) => id)).toEqual([map.group.id, session.accountID]);
    phone.sync.resume();
    await until(() =>
      expect(phone.sync.current.confirmed.error).toMatchObject({
        code: 'RELAY_REFUSED',
        details: { refusal: 'forbidden', reason: expect.stringContaining('erased') as string },
      }),
    );
    expect(phones.get('word')).toBe('offline');
    bobs.set('word', 'by Bob');
    await untilConfirmed(bob);
    expect(bob.sync.current.confirmed.error).toBeUndefined();
    const carol = await opened(signIn(sessions.device({ passkeys: bobPasskeys }), { sync }));
    const carols: RawCoMap = await carol.load(map.id);
    await until(() => expect(carols.get('word')).toBe('by Bob'));
    expect(group).toBeInstanceOf(RawGroup);
  });

  test('erases nothing while a relay cannot be reached, and goes on later', async () => {
    const [one, two] = [await openRelay(), await openRelay()];
    const sync = { relays: [{ url: one.url }, { url: two.url }] };
    let isAway = false;
    const platform = sessions.device();
    const { fetch } = platform;
    platform.fetch = (input, init) =>
      isAway && (input as string).includes(new URL(two.url).host)
        ? Promise.reject(new TypeError('Failed to fetch'))
        : fetch(input, init);
    const session = await opened(signUp(platform, { sync }));
    await untilConfirmed(session);
    isAway = true;
    await expect(session.eraseAccount()).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' });
    expect(await one.dump()).toMatch(/public\.transactions /);
    expect(session.sync.current.status).toBe('confirmed');
    isAway = false;
    expect(await session.eraseAccount()).toHaveLength(2);
    for (const relay of [one, two])
      expect(await relay.dump()).not.toMatch(/public\.(?:sessions|transactions) /);
  });

  test('erases nothing without the passkey or the phrase of the account', async () => {
    const relay = await openRelay();
    const session = await opened(signUp(sessions.device(), { sync: { url: relay.url } }));
    await untilConfirmed(session);
    const phrase = 'abandon '.repeat(23) + 'art';
    await expect(session.eraseAccount({ phrase })).rejects.toMatchObject({ code: 'ACCOUNT_INVALID' });
    await expect(session.eraseAccount({ phrase: 'words' })).rejects.toMatchObject({ code: 'PHRASE_INVALID' });
    await expect(session.eraseAccount({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(await relay.dump()).toMatch(/public\.covalues /);
    const words = await session.revealRecoveryPhrase();
    expect(await session.eraseAccount({ phrase: words })).toHaveLength(1);
  });
});
