import { LocalNode, type CoID, type RawAccount, type RawCoMap, type RawGroup } from 'cojson';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTestSessions, type TestSessions } from '../../test/support/session/test-sessions.ts';
import { createFakePasskeys } from '../../test/support/platform/fake-passkeys.ts';
import { addStockPeer, crypto } from '../../test/support/relay/stock-client.ts';
import { until } from '../../test/support/until.ts';
import type { Session } from './session.ts';
import { signUp } from './sign-up/sign-up.ts';

const minuteMs = 60_000;
let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await sessions.end();
});

async function person(name: string): Promise<Session> {
  const device = sessions.device({ passkeys: createFakePasskeys({ name }) });
  const session = await signUp(device, { sync: { url: sessions.relay.url } });
  sessions.onEnd(() => session.close());
  await session.sync.whenConfirmed();
  return session;
}

/** As on a device whose clock is off, after a relay's pings have shown by how much. */
function correctClock({ node }: Session, offsetMs: number): void {
  vi.spyOn(node.clockOffset, 'currentOffset').mockReturnValue(offsetMs);
}

test.each([
  ['a minute fast', -minuteMs],
  ['right', 0],
  ['a minute slow', minuteMs],
])('[CONF-10] an edit right after `acceptInvite` counts, if the clock is %s', async (_, offsetMs) => {
  const owner = await person('owner');
  const joiner = await person('joiner');
  const group = owner.node.createGroup();
  const map = group.createMap({ title: 'by owner' });
  await owner.sync.whenConfirmed();

  correctClock(joiner, offsetMs);
  await joiner.node.acceptInvite(map.id, group.createInvite('writer'));
  const joined = await load<RawCoMap>(joiner, map.id);
  joined.set('title', 'by joiner');

  expect(joined.get('title')).toBe('by joiner');
  await until(() => expect(map.get('title')).toBe('by joiner'));
});

test('the first edit of an added member counts, although their clock is behind the owner’s', async () => {
  const owner = await person('owner');
  const member = await person('member');
  correctClock(owner, minuteMs);
  const parent = owner.node.createGroup();
  const group = owner.node.createGroup();
  group.extend(parent);
  const map = group.createMap({ title: 'by owner' });
  parent.addMember(await accountOf(owner, member), 'writer');
  await owner.sync.whenConfirmed();

  const shared = await load<RawCoMap>(member, map.id);
  await until(() => expect(shared.group.myRole()).toBe('writer'));
  shared.set('title', 'by member');

  await until(() => expect(map.get('title')).toBe('by member'));
});

test('a stranger’s invalid edit, dated years ahead, decides no date', async () => {
  const owner = await person('owner');
  const group = owner.node.createGroup();
  const map = group.createMap({ title: 'first' });
  await owner.sync.whenConfirmed();
  const secret = crypto.newRandomAgentSecret();
  const stranger = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  addStockPeer(stranger, sessions.relay.url.replace(/\/sync$/, ''));
  for (const id of [group.id, map.id] as readonly CoID<RawGroup | RawCoMap>[]) {
    const content = await stranger.load(id);
    if (content === 'unavailable') throw new Error(`${id} is unavailable.`);
    const farMs = Date.now() + 10 * 365 * 24 * 60 * minuteMs;
    content.core.makeTransaction(
      [{ op: 'set', key: 'title', value: 'theirs' }],
      'trusting',
      undefined,
      farMs,
    );
    await until(() => expect(owner.node.getCoValue(id).latestTxMadeAt).toBe(farMs));
  }

  map.set('title', 'second');
  group.addMember('everyone', 'reader');

  expect(map.get('title')).toBe('second');
  const soonMs = Date.now() + minuteMs;
  expect(map.lastEditAt('title')?.at.getTime()).toBeLessThan(soonMs);
  expect(group.lastEditAt('everyone')?.at.getTime()).toBeLessThan(soonMs);
  await stranger.gracefulShutdown();
});

async function load<T extends RawCoMap>(session: Session, id: string): Promise<T> {
  const content = await session.node.load(id as CoID<T>);
  if (content === 'unavailable') throw new Error(`${id} is unavailable.`);
  return content;
}

async function accountOf(session: Session, { accountID }: Session): Promise<RawAccount> {
  return load<RawAccount>(session, accountID);
}
