import type { RawGroup } from 'cojson';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeAtRelays } from '../../../test/support/session/at-relays.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import {
  addMember,
  createNameHelpers,
  nameMapOf,
  ownNamesOf,
} from '../../../test/support/session/test-names.ts';
import {
  clockWithSpeed,
  createTestSessions,
  type TestSessions,
} from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { createReadable } from '../../base/readable.ts';
import type { Session } from '../../session/session.ts';
import { createNames } from './create-names.ts';
import { nameIDsOf } from './name-headers.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { person, connected } = createPeople(() => sessions);
const { show, pair } = createNameHelpers(() => sessions);

/** How much this device has of each CoValue. */
function contentOf({ node }: Session): readonly [id: string, sessions: object][] {
  const available = [...node.allCoValues()].filter((core) => core.isAvailable());
  return available.map((core) => [core.id, core.knownState().sessions]);
}

const nameIn = (session: Session, group: RawGroup) => nameMapOf(session, group)?.get('name');

describeAtRelays({ connected }, (online) => {
  test.each(['reader', 'writer', 'admin', 'writeOnly'] as const)(
    '[NAME-1] the name of a %s reaches the other members',
    async (role) => {
      const { ben, seenByAda, seenByBen } = await pair(online, role);
      await ben.rename('  Ben\n Ode ');
      expect(ben.profile.current).toEqual({ name: 'Ben Ode' });
      await until(() => seenByAda() === 'Ben Ode');
      await ben.rename('Benedict');
      await until(() => seenByAda() === 'Benedict');
      await ben.rename(' ');
      await until(() => seenByAda() === undefined);
      expect(ben.profile.current).toEqual({});
      expect(seenByBen()).toBeUndefined();
    },
  );

  test('[NAME-5] sharing and joining give the name, also to those who join later', async () => {
    const [ada, ben, eve] = [await online(), await online(), await online()];
    for (const [one, name] of [[ada, 'Ada'] as const, [ben, 'Ben'] as const]) await one.rename(name);
    const map = ada.node.createGroup().createMap({ title: 'ours' });
    const { link } = await ada.share(map);
    await ada.sync.whenConfirmed();
    await ben.acceptInvite(link);
    await eve.acceptInvite(link);
    // Only she shows the members.
    const [adas, bens] = [show(eve, map.group, ada), show(eve, map.group, ben)];
    await until(() => adas() === 'Ada' && bens() === 'Ben');
  });
});

test('[NAME-5] who has left a group looks for it no more, and gives the name again after a return', async () => {
  const { ada, ben, group, joined, seenByAda } = await pair(connected);
  await ben.rename('Ben');
  await until(() => seenByAda() === 'Ben');
  await ada.members(group).remove(ben.accountID);
  await until(() => joined.myRole() === undefined);
  await ben.rename('Benedict');
  await until(() =>
    ownNamesOf(ben)
      ?.keys()
      .every((key) => key === 'name'),
  );
  await addMember(ada, group, ben);
  show(ben, joined, ada);
  await until(() => seenByAda() === 'Benedict');
});

test('shows the own name at once, and publishes a name that arrives', async () => {
  const { ada, ben, group, seenByAda } = await pair(connected);
  const shown: (string | undefined)[] = [];
  const end = ada.members(group).subscribe(({ members }) => shown.push(members[1]?.name));
  expect(seenByAda()).toBeUndefined();
  await ben.rename('Ben');
  await until(() => expect(shown.at(-1)).toBe('Ben'));
  end();
  const own = show(ada, group, ada);
  await ada.rename('Ada');
  await until(() => own() === 'Ada');
});

test('[NAME-1] the name of a member of a group above is shown in the one that extends it', async () => {
  const { ada, ben, group, seenByAda } = await pair(connected);
  await ben.rename('Ben');
  await until(() => seenByAda() === 'Ben');
  const below = ada.node.createGroup();
  below.extend(group);
  const seenBelow = show(ada, below, ben);
  await until(() => seenBelow() === 'Ben');
  // Who is only in that one gets the name once it is given there.
  const eve = await connected();
  const seenByEve = show(eve, await addMember(ada, below, eve), ben);
  await until(() => expect(eve.members(below).current.members).toHaveLength(3));
  expect(seenByEve()).toBeUndefined();
  show(ben, below, eve);
  await until(() => seenByEve() === 'Ben');
});

test('a group without other members gets no name', async () => {
  const ben = await connected();
  const group = ben.node.createGroup();
  await ben.rename('Ben');
  show(ben, group, ben);
  // The next group gets the name after this one.
  const next = ben.node.createGroup();
  await addMember(ben, next, await connected());
  show(ben, next, ben);
  await until(() => nameIn(ben, next) === 'Ben');
  expect(nameMapOf(ben, group)).toBeUndefined();
});

test('[NAME-3] all devices of a person know the name, and each gives it to groups', async () => {
  const phone = await sessions.signedUp();
  await phone.rename('Ada');
  await phone.sync.whenConfirmed();
  const laptop = await sessions.signedIn();
  sessions.onEnd(laptop.profile.subscribe(() => {}));
  await until(() => laptop.profile.current.name === 'Ada');

  const ben = await connected();
  const group = laptop.node.createGroup();
  const seen = show(ben, await addMember(laptop, group, ben), phone);
  show(laptop, group, ben);
  await until(() => seen() === 'Ada');
  await laptop.rename('Ada L');
  await until(() => phone.profile.current.name === 'Ada L');
  await until(() => seen() === 'Ada L');
});

test('[NAME-3] what one device has begun, another one ends', async () => {
  const phone = await sessions.signedUp();
  const ben = await connected();
  const group = phone.node.createGroup();
  const seen = show(ben, await addMember(phone, group, ben), phone);
  const { node, accountID, sync, load } = phone;
  const profile = createReadable({});
  const names = createNames({
    ...{ node, accountID, sync, load, profile, clock: clockWithSpeed(5) },
    ...{ page: { url: undefined }, storage: { status: phone.storage }, subtle: undefined },
  });
  names.introduce(group.id);
  await names.rename('Ada');
  await until(() => seen() === 'Ada');
  // As if the page had gone after the first edit.
  names.close();
  await names.rename('Ada L');
  await sync.whenConfirmed();
  expect(seen()).toBe('Ada');
  await sessions.signedIn();
  await until(() => seen() === 'Ada L');
});

test('[NAME-3] a device that does not know the name yet removes it from no group', async () => {
  const phone = await sessions.signedUp();
  const ben = await connected();
  const group = phone.node.createGroup();
  await addMember(phone, group, ben);
  show(phone, group, ben);
  await phone.rename('Ada');
  await until(() => nameIn(phone, group) === 'Ada');
  await phone.sync.whenConfirmed();
  const laptop = await sessions.signedIn();
  const atLaptop = await laptop.load<RawGroup>(group.id);
  const { mapID } = nameIDsOf(laptop.node, group.id, laptop.accountID);
  const name = await laptop.load(mapID);
  laptop.sync.pause();
  show(laptop, atLaptop, ben);
  await until(() => ownNamesOf(laptop) !== undefined);
  laptop.sync.resume();
  await until(() => laptop.profile.current.name === 'Ada');
  await laptop.rename('Ada L');
  await until(() => nameIn(laptop, atLaptop) === 'Ada L');
  expect(name.core.verifiedTransactions).toHaveLength(2);
});

test('[NAME-3] two devices that name the person apart end with one of the names, also for others', async () => {
  const phone = await sessions.signedUp();
  const ben = await connected();
  const group = phone.node.createGroup();
  const joined = await addMember(phone, group, ben);
  const laptop = await sessions.signedIn();
  const atLaptop = await laptop.load<RawGroup>(group.id);
  phone.sync.pause();
  laptop.sync.pause();
  await phone.rename('Ada on the phone');
  show(phone, group, ben);
  await laptop.rename('Ada on the laptop');
  show(laptop, atLaptop, ben);
  await until(() => nameIn(phone, group) === 'Ada on the phone');
  await until(() => nameIn(laptop, group) === 'Ada on the laptop');
  const seen = show(ben, joined, phone);

  phone.sync.resume();
  await until(() => seen() === 'Ada on the phone');
  laptop.sync.resume();
  // Which one is later, their clocks decide.
  await until(() => {
    const profiles = [phone, laptop].map(({ profile }) => profile.current.name);
    const written = [phone, laptop].map((device) => nameIn(device, group));
    return new Set([...profiles, ...written, seen()]).size === 1;
  });
});

test('[NAME-4] a name that was given offline arrives later, and so do those of two admins apart', async () => {
  const { ada, ben, group, joined, seenByAda, seenByBen } = await pair(connected, 'admin');
  ada.sync.pause();
  ben.sync.pause();
  await ada.rename('Ada');
  await ben.rename('Ben');
  expect([ada.profile.current, ben.profile.current]).toEqual([{ name: 'Ada' }, { name: 'Ben' }]);
  await until(() => nameIn(ada, group) === 'Ada' && nameIn(ben, joined) === 'Ben');
  ada.sync.resume();
  ben.sync.resume();
  await until(() => seenByAda() === 'Ben' && seenByBen() === 'Ada');
});

test('[NAME-4] an account without a relay has a name, and no name once it is empty', async () => {
  const alone = await person(false);
  const names: (string | undefined)[] = [];
  alone.profile.subscribe(({ name }) => names.push(name));
  await alone.rename('Ada');
  await alone.rename('\u200b ');
  expect(names).toEqual([undefined, 'Ada', undefined]);
});

test('[NAME-8] nothing is written where nothing changes', async () => {
  const { ben, seenByAda } = await pair(connected);
  await ben.rename('Ben');
  await until(() => seenByAda() === 'Ben');
  await ben.sync.whenConfirmed();
  const before = contentOf(ben);
  await ben.rename(' Ben');
  expect(contentOf(ben)).toEqual(before);
});

test('[NAME-8] a new name reaches all of thirty groups, with one edit in each', async () => {
  const [ada, ben] = [await connected(), await connected()];
  const groups = Array.from({ length: 30 }, () => ben.node.createGroup());
  for (const group of groups) await ben.members(group).setRole(ada.accountID, 'reader');
  await ben.rename('Ben');
  await until(() => groups.every((group) => nameIn(ben, group) === 'Ben'));
  const edits = () => groups.map((group) => nameMapOf(ben, group)?.core.verifiedTransactions.length);
  await ben.rename('Benedict');
  await until(() => groups.every((group) => nameIn(ben, group) === 'Benedict'));
  expect(new Set(edits())).toEqual(new Set([2]));
});

test.each<[unknown, object]>([
  ['x'.repeat(101), { code: 'VALUE_TOO_LARGE', details: { bytes: 101, limitBytes: 4_000 } }],
  ['x'.repeat(1_000_000), { code: 'VALUE_TOO_LARGE', details: { bytes: 1_000_000, limitBytes: 4_000 } }],
  [{ name: 'Ben' }, { name: 'TypeError' }],
])('what is no name is refused, and changes nothing', async (name, error) => {
  const ben = await person(false);
  await ben.rename('Ben');
  const before = contentOf(ben);
  await expect(ben.rename(name as string)).rejects.toMatchObject(error);
  expect(ben.profile.current).toEqual({ name: 'Ben' });
  expect(contentOf(ben)).toEqual(before);
});
