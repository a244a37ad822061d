import type { JsonValue, RawAccount, RawCoMap, RawGroup } from 'cojson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import { presenceOf } from '../../../test/support/relay/presence-frames.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import type { Relay } from '../../relay/index.ts';
import type { Session } from '../../session/session.ts';
import type { Presence } from './presence-types.ts';

let relay: Relay;
let sessions: TestSessions;
let alice: Session;
let bob: Session;
let carol: Session;
const { person } = createPeople(() => sessions);
beforeAll(async () => {
  relay = await openRelay({ storage: 'memory:' });
  sessions = await createTestSessions();
  const sync = { url: relay.url };
  [alice, bob, carol] = [await person(sync), await person(sync), await person(sync)];
  for (const { sync: own } of [alice, bob, carol]) await own.whenConfirmed();
}, 120_000);
afterAll(async () => {
  await sessions.end();
  await relay.close();
});

/** A map of Alice, which the others may read. */
async function share(...others: readonly Session[]): Promise<RawCoMap> {
  const group = alice.node.createGroup();
  for (const { accountID } of others) group.addMember(await alice.load<RawAccount>(accountID), 'reader');
  const map = group.createMap({ title: 'ours' });
  await alice.sync.whenConfirmed();
  return map;
}

/** Subscribes until the test ends it. */
function show(session: Session, id: string, state?: JsonValue) {
  const presence: Presence = session.presence(id);
  const end = presence.subscribe(() => {});
  if (state !== undefined) presence.set(state);
  const states = () => presence.current.others.map(({ accountID, state: its }) => [accountID, its]);
  return { presence, end, states };
}

async function listen(id: string): Promise<RawClient> {
  const client = await openRawClient(relay.url);
  client.send({
    ...{ maia: 'presence', id, from: 'co_zStranger_session_zX', key: 'key_zK', atMs: 1, data: 'AAAA' },
    signature: `signature_z${'1'.repeat(86)}`,
  });
  return client;
}

it('[PRES-7] shows members what the others show, until they stop', async () => {
  const { id } = await share(bob, carol);
  const ofAlice = show(alice, id, { x: 1 });
  const ofBob = show(bob, id, { x: 2 });
  const ofCarol = show(carol, id);
  await until(() => {
    expect(ofAlice.states()).toEqual([[bob.accountID, { x: 2 }]]);
    expect(ofBob.states()).toEqual([[alice.accountID, { x: 1 }]]);
    expect(ofCarol.states()).toHaveLength(2);
  });
  expect(ofAlice.presence.current).toMatchObject({
    state: 'on',
    others: [{ sessionID: bob.node.currentSessionID, isMe: false }],
  });
  expect(alice.presence(id)).toBe(ofAlice.presence);
  ofAlice.presence.set({ x: 3 });
  await until(() => expect(ofBob.states()).toEqual([[alice.accountID, { x: 3 }]]));
  ofAlice.presence.set(undefined);
  await until(() => expect(ofBob.states()).toEqual([]));
  ofBob.end();
  await until(() => expect(ofAlice.states()).toEqual([]));
  ofAlice.end();
  ofCarol.end();
});

it('[PRES-7] shows a session whose clock was an hour ahead, once it is right', async () => {
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const dave = await person({ url: relay.url }, { clock });
  await dave.sync.whenConfirmed();
  const { id } = await share(bob, dave);
  const stranger = await listen(id);
  const ofBob = show(bob, id);
  aheadMs = 3_600_000;
  const ofDave = show(dave, id, 'ahead');
  const sentByDave = () => presenceOf(stranger).filter(({ from }) => from === dave.node.currentSessionID);
  await until(() => expect(sentByDave()).not.toEqual([]));
  aheadMs = 0;
  ofDave.presence.set('right');
  await until(() => expect(ofBob.states()).toEqual([[dave.accountID, 'right']]));
  ofBob.end();
  ofDave.end();
});

it('[PRES-7] does nothing for a session that has closed', async () => {
  let timers = 0;
  const after: typeof systemClock.after = (...timer) => (timers++, systemClock.after(...timer));
  const dave = await person({ url: relay.url }, { clock: { ...systemClock, after } });
  const map = dave.node.createGroup().createMap();
  const { presence, end } = show(dave, map.id, 1);
  await until(() => expect(presence.current.state).toBe('on'));
  await dave.close();
  const before = timers;
  presence.set(2);
  expect(timers).toBe(before);
  end();
});

it('[NAME-1] shows the names of those who are present, as they change', async () => {
  const { id } = await share(bob);
  await bob.rename('Bob');
  const [ofAlice, ofBob] = [show(alice, id, { x: 1 }), show(bob, id, { x: 2 })];
  const others = () => ofAlice.presence.current.others;
  await until(() => expect(others()).toMatchObject([{ accountID: bob.accountID, name: 'Bob' }]));
  await bob.rename('Robert');
  await until(() => expect(others()).toMatchObject([{ accountID: bob.accountID, name: 'Robert' }]));
  await bob.rename('');
  await until(() => expect(others()[0]).not.toHaveProperty('name'));
  ofAlice.end();
  ofBob.end();
});

it('keeps the object of a session that shows the same, also with a name', async () => {
  const { id } = await share(bob, carol);
  await bob.rename('Bob');
  const [ofAlice, ofBob, ofCarol] = [show(alice, id), show(bob, id, 'same'), show(carol, id, 0)];
  const find = (of: Session) =>
    ofAlice.presence.current.others.find(({ accountID }) => accountID === of.accountID);
  await until(() => expect([find(bob)?.name, find(carol)?.state]).toEqual(['Bob', 0]));
  const before = find(bob);
  ofCarol.presence.set(1);
  await until(() => expect(find(carol)?.state).toBe(1));
  expect(find(bob)).toBe(before);
  for (const { end } of [ofAlice, ofBob, ofCarol]) end();
});

describe('[PRES-8] a stranger who knows the ID', () => {
  it('gets sealed frames alone, of less than 600 bytes for a short state', async () => {
    const { id } = await share(bob);
    const stranger = await listen(id);
    const ofAlice = show(alice, id, { secret: 'where I am' });
    await until(() => expect(presenceOf(stranger)).not.toEqual([]));
    const text = JSON.stringify(presenceOf(stranger)[0]);
    expect(text).not.toContain('secret');
    expect(text.length).toBeLessThan(600);
    ofAlice.end();
  });

  it('can show nothing in the name of a member: no changed, repeated or forged frame counts', async () => {
    const { id } = await share(bob, carol);
    const { id: otherID } = await share(bob, carol);
    const stranger = await listen(id);
    const [ofBob, ofBobElsewhere] = [show(bob, id), show(bob, otherID)];
    const ofAlice = show(alice, id, 'first');
    await until(() => expect(ofBob.states()).toEqual([[alice.accountID, 'first']]));
    const own = { from: alice.node.currentSessionID };
    const real = presenceOf(stranger).findLast(({ from }) => from === own.from);
    ofAlice.end();
    const ofCarol = show(carol, id, 'here');
    await until(() => expect(ofBob.states()).toEqual([[carol.accountID, 'here']]));
    const atMs = Number(real?.['atMs']);
    for (const change of [
      // Of fewer than 64 bytes.
      { signature: `signature_z${'2'.repeat(64)}` },
      { atMs: atMs + 1_000 },
      { from: carol.node.currentSessionID, atMs: atMs + 100_000 },
      { from: `${carol.accountID}_session_zNew` },
      { id: otherID },
      { data: 'AAAA' },
      { key: 'key_zUnknown' },
    ])
      stranger.send({ ...real, ...change });
    for (let sent = 0; sent < 1_000; sent++) stranger.send({ ...real, atMs: atMs + sent });
    stranger.send({ maia: 'echo', t: 1 });
    await stranger.waitFor({ maia: 'echoed' });
    ofCarol.presence.set('later');
    await until(() => expect(ofBob.states()).toEqual([[carol.accountID, 'later']]));
    expect(ofBobElsewhere.states()).toEqual([]);
    for (const { end } of [ofBob, ofCarol, ofBobElsewhere]) end();
  });
});

it('[PRES-9] hides from a removed member, and hides the removed one', async () => {
  const map = await share(bob, carol);
  const [ofAlice, ofBob, ofCarol] = [show(alice, map.id, 1), show(bob, map.id, 2), show(carol, map.id, 3)];
  await until(() => {
    expect(ofBob.states()).toHaveLength(2);
    expect(ofCarol.states()).toHaveLength(2);
    expect(ofAlice.states()).toHaveLength(2);
  });
  const group: RawGroup = map.group;
  group.removeMember(await alice.load<RawAccount>(bob.accountID));
  ofAlice.presence.set('after');
  await until(() => {
    expect(ofAlice.states()).toEqual([[carol.accountID, 3]]);
    expect(ofCarol.states()).toEqual([[alice.accountID, 'after']]);
    expect(ofBob.presence.current).toEqual({ state: 'waiting', others: [] });
  });
  for (const { end } of [ofAlice, ofBob, ofCarol]) end();
});

it('[PRES-10] refuses states of more than 2,000 bytes of JSON, at once', async () => {
  const { id } = await share(bob);
  const { presence, end } = show(alice, id, 'x'.repeat(1_998));
  expect(() => presence.set('é'.repeat(1_000))).toThrow(
    expect.objectContaining({ code: 'VALUE_TOO_LARGE', details: { bytes: 2_002, limitBytes: 2_000 } }),
  );
  const ofBob = show(bob, id);
  await until(() => expect(ofBob.states()).toEqual([[alice.accountID, 'x'.repeat(1_998)]]));
  end();
  ofBob.end();
  expect(() => alice.presence('x')).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
});

it('[PRES-11] is not offered by a stock server', async () => {
  const dave = await person();
  const map = dave.node.createGroup().createMap();
  const { presence, end } = show(dave, map.id, 1);
  await until(() => expect(presence.current).toEqual({ state: 'not-offered', others: [] }));
  end();
});
