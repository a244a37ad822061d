import type { RawAccount, RawCoID, RawGroup } from 'cojson';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { describeAtRelays } from '../../../test/support/session/at-relays.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import { addMember, createNameHelpers, nameMapOf } from '../../../test/support/session/test-names.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { contentBytes } from '../../engine/content.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';
import type { Session } from '../../session/session.ts';
import { nameGroupUniqueness, nameIDsOf, nameUniqueness, ownedMapHeader } from './name-headers.ts';

// Strangers and members read and write with changed clients.

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { connected } = createPeople(() => sessions);
const { show, pair } = createNameHelpers(() => sessions);

/** A pair, of which one sees the name of the other. */
async function named(...options: Parameters<typeof pair>) {
  const made = await pair(...options);
  await made.ben.rename('Ben');
  await until(() => made.seenByAda() === 'Ben');
  return made;
}

describeAtRelays({ connected }, (online) => {
  test('[NAME-2] a stranger reads no name', async () => {
    const { ben, group } = await named(online);
    const { mapID, groupID } = nameIDsOf(ben.node, group.id, ben.accountID);
    await ben.sync.whenConfirmed();
    const stranger = await online();
    const error = { code: 'CO_VALUE_FORBIDDEN', details: { groupID } };
    await expect(stranger.load(mapID)).rejects.toMatchObject(error);
    const list = stranger.members(group);
    sessions.onEnd(list.subscribe(() => {}));
    await until(() => expect(list.current.members).toHaveLength(2));
    expect(list.current.members.map(({ name }) => name)).toEqual([undefined, undefined]);
  });

  test('[NAME-6] a removed member is shown without a name, and reads no later names', async () => {
    const { ada, ben, group, joined, seenByAda } = await named(online);
    const eve = await online();
    const eves = await addMember(ada, group, eve, 'writer');
    const seenByEve = show(eve, eves, ben);
    const eveSeenByAda = show(ada, group, eve);
    await eve.rename('Eve');
    await until(() => seenByEve() === 'Ben' && eveSeenByAda() === 'Eve');

    await ada.members(group).remove(eve.accountID);
    expect(eveSeenByAda()).toBeUndefined();
    await until(() => joined.get(eve.accountID as typeof ada.account.id) === 'revoked');
    await ben.rename('Ben in secret');
    await until(() => seenByAda() === 'Ben in secret');
    const map = nameMapOf(ben, group);
    const atEve = () => nameMapOf(eve, group, ben.accountID);
    await until(() => expect(atEve()?.core.knownState()).toEqual(map?.core.knownState()));
    expect(seenByEve()).not.toBe('Ben in secret');
    const keyID = map?.group.get('readKey');
    expect(keyID && atEve()?.group.getReadKey(keyID)).toBeUndefined();
  });

  test('[NAME-7] what another member makes in place of a name does not count, nor prevents it', async () => {
    const ada = await online();
    const [{ url } = {}] = ada.sync.current.peers;
    const mallory = await createStockClient(url ?? '');
    await mallory.syncManager.waitForAllCoValuesSync();
    const malloryID = mallory.expectCurrentAccount('').id;
    const group = ada.node.createGroup();
    group.addMember(await ada.load<RawAccount>(malloryID), 'admin');
    await ada.sync.whenConfirmed();
    const joined = await mallory.load(group.id);
    if (joined === 'unavailable') throw new Error('The group is unavailable.');
    await until(() => joined.myRole() === 'admin');

    const { groupID, mapID } = nameIDsOf(ada.node, group.id, ada.accountID);
    const forged = mallory.createCoValue({
      ...{ type: 'comap', ruleset: { type: 'group', initialAdmin: ada.account.id }, meta: null },
      uniqueness: nameGroupUniqueness(group.id),
    });
    forged.makeTransaction([{ op: 'set', key: malloryID, value: 'admin' }], 'trusting');
    forged.makeTransaction([{ op: 'set', key: ada.accountID, value: 'revoked' }], 'trusting');
    const map = mallory.createCoValue(ownedMapHeader(groupID, nameUniqueness));
    map.makeTransaction([{ op: 'set', key: 'name', value: 'Bad' }], 'trusting');
    expect([forged.id, map.id]).toEqual([groupID, mapID]);
    // It arrives after all of the above.
    const marker = joined.createMap({ later: true });

    const eve = await online();
    const atEve = await addMember(ada, group, eve);
    await eve.load(marker.id);
    await ada.load(marker.id);
    const seen = show(eve, atEve, ada);
    show(ada, group, eve);
    await until(() => eve.members(group).current.state === 'ready');
    expect(seen()).toBeUndefined();
    await ada.rename('Ada');
    await until(() => seen() === 'Ada');
  });
});

test('[NAME-2] the relay reads no name', async () => {
  const { ben } = await named(connected);
  await ben.rename('Benedict');
  await ben.sync.whenConfirmed();
  const contents = sessions.relay.node.allCoValues();
  const texts = [...contents].filter((core) => core.isAvailable()).map(({ id }) => sessions.atRelay(id));
  expect(texts.length).toBeGreaterThan(5);
  expect(texts.join()).not.toContain('Bened');
});

test('[NAME-2] a group that everyone can read gets no name', async () => {
  const { ada, ben, group, joined, seenByAda } = await pair(connected);
  group.addMember('everyone', 'reader');
  await until(() => joined.roleOf('everyone') === 'reader');
  await ben.rename('Ben');
  // The next group gets the name after this one.
  const next = ben.node.createGroup();
  const atAda = await addMember(ben, next, ada);
  show(ben, next, ada);
  const seenNext = show(ada, atAda, ben);
  await until(() => seenNext() === 'Ben');
  expect(seenByAda()).toBeUndefined();
  expect(nameMapOf(ben, group)).toBeUndefined();
});

test('[NAME-6] a removed member gives the group no name', async () => {
  const { ada, ben, group, joined, seenByAda } = await named(connected, 'writer');
  await ada.members(group).remove(ben.accountID);
  await until(() => joined.myRole() === undefined);
  await ben.rename('Ben in secret');
  const next = ben.node.createGroup();
  await addMember(ben, next, ada);
  await ben.members(next).setRole(ada.accountID, 'writer');
  await until(() => nameMapOf(ben, next)?.get('name') === 'Ben in secret');
  expect(nameMapOf(ben, group)?.get('name')).toBe('Ben');
  expect(seenByAda()).toBeUndefined();
});

describe('[NAME-7] what a member writes as a name', () => {
  /** Writes into the member's name with a changed client, and waits until the other has it. */
  async function write({ ada, ben, group }: Awaited<ReturnType<typeof named>>, value: string | object) {
    nameMapOf(ben, group)?.set('name', value as string, 'private');
    await ben.sync.whenConfirmed();
    await until(() => expect(nameMapOf(ada, group, ben.accountID)?.get('name')).toEqual(value));
  }

  test.each([
    ['is too long', 'x'.repeat(101)],
    ['has half a megabyte', 'x'.repeat(500_000)],
    ['is no text', { name: 'Ben' }],
    ['is empty', ''],
    ['has only what cannot be seen', '\u200b\u202e \u0000'],
  ])('shows none if it %s', async (_, value) => {
    const made = await named(connected);
    await write(made, value);
    await until(() => made.seenByAda() === undefined);
  });

  test('loses what could change the text around it', async () => {
    const made = await named(connected);
    await write(made, ' \u202eBe\u0000nedict\n');
    await until(() => made.seenByAda() === 'Benedict');
  });

  test('is not the name of another member', async () => {
    const { ada, ben, group, seenByAda } = await named(connected, 'admin');
    const atAda = () => nameMapOf(ada, group, ben.accountID);
    // Only Ben can write there, unless Ben lets others.
    expect(() => atAda()?.set('name', 'Bad', 'private')).toThrow(
      expect.objectContaining({ code: 'WRITE_FORBIDDEN' }),
    );
    await addMember(ben, nameMapOf(ben, group)?.group as RawGroup, ada, 'writer');
    atAda()?.set('name', 'Bad', 'private');
    expect(atAda()?.get('name')).toBe('Bad');
    await until(() => seenByAda() === undefined);
  });
});

describe('[NAME-9] of what a member writes to grow its name', () => {
  function bytesOf({ node }: Session, id: RawCoID): number {
    const content = getAvailableCoValue(node, id)?.newContentSince() ?? [];
    return content.reduce((sum, message) => sum + contentBytes(message), 0);
  }

  async function grow({ ben, group }: Awaited<ReturnType<typeof named>>, what: 'mapID' | 'groupID') {
    const map = nameMapOf(ben, group);
    for (let count = 0; count < 5; count++) {
      const text = `${count}`.repeat(400_000);
      if (what === 'mapID') map?.set(`key${count}`, text, 'private');
      else map?.group.set('profile', text as never, 'trusting');
      await ben.sync.whenConfirmed();
    }
  }

  test.each(['mapID', 'groupID'] as const)('no device keeps more than a megabyte: %s', async (what) => {
    const made = await named(connected);
    const { ada, ben, group } = made;
    const id = nameIDsOf(ben.node, group.id, ben.accountID)[what];
    await grow(made, what);
    expect(bytesOf(ben, id)).toBeGreaterThan(2_000_000);
    const eve = await connected();
    await ada.rename('Ada');
    const atEve = await addMember(ada, group, eve);
    const seen = show(eve, atEve, ada);
    show(eve, atEve, ben);
    await until(() => seen() === 'Ada');
    await until(() => {
      const { bytes = 0, caughtUp } = eve.sync.current.download ?? {};
      return bytes > 2_000_000 && caughtUp === true;
    });
    for (const session of [ada, eve]) expect(bytesOf(session, id)).toBeLessThan(1_000_000);
    const next = eve.node.createGroup().createMap({ title: 'next' });
    await eve.sync.whenConfirmed();
    expect(next.get('title')).toBe('next');
    await made.ada.sync.whenConfirmed();
    expect(made.seenByAda()).toBe('Ben');
  });
});
