import type { RawCoMap } from 'cojson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import type { Session } from '../../session/session.ts';
import type { LinkRole } from './sharing-types.ts';

let sessions: TestSessions;
let ana: Session;
let mara: Session;
let jonas: Session;
const { connected } = createPeople(() => sessions);
const online = () => connected({ url: sessions.relay.url }, { clock: systemClock });

beforeAll(async () => {
  sessions = await createTestSessions();
  [ana, mara, jonas] = [await online(), await online(), await online()];
}, 120_000);
afterAll(() => sessions.end());

async function link(map: RawCoMap, role: LinkRole, by = ana): Promise<string> {
  const share = await by.share(map.id, { role });
  await by.sync.whenConfirmed();
  return share.link;
}

async function join(session: Session, text: string): Promise<void> {
  await session.acceptInvite(text);
  await session.sync.whenConfirmed();
}

const ourMap = () => ana.node.createGroup().createMap({ title: 'ours' });
const forbidden = { code: 'SHARE_FORBIDDEN' };

describe('[SHARE-6] the list of members', { timeout: 120_000 }, () => {
  test('has this account first, then the others as they joined, and the open links', async () => {
    const map = ourMap();
    const list = ana.members(map);
    expect(ana.members(map.id)).toBe(list);
    const end = list.subscribe(() => {});
    await join(mara, await link(map, 'writer'));
    await join(jonas, await link(map, 'reader'));
    await until(() => expect(list.current.members).toHaveLength(3));
    expect(list.current).toMatchObject({
      state: 'ready',
      members: [
        { accountID: ana.accountID, role: 'admin', isMe: true },
        { accountID: mara.accountID, role: 'writer', isMe: false },
        { accountID: jonas.accountID, role: 'reader', isMe: false },
      ],
      links: [{ role: 'writer' }, { role: 'reader' }],
    });
    expect(list.current).not.toHaveProperty('everyone');
    map.group.addMember('everyone', 'reader');
    await until(() => expect(list.current.everyone).toBe('reader'));
    end();
  });

  test('lets another manager revoke a link, and no reader', async () => {
    const map = ourMap();
    await join(mara, await link(map, 'manager'));
    const open = await link(map, 'writer');
    await join(jonas, await link(map, 'reader'));
    const [byMara, byJonas] = [mara.members(map.id), jonas.members(map.id)];
    const ends = [byMara.subscribe(() => {}), byJonas.subscribe(() => {})];
    await until(() => {
      expect(byMara.current.links).toHaveLength(3);
      expect(byJonas.current.links).toHaveLength(3);
    });
    await expect(byJonas.current.links[1]?.revoke()).rejects.toMatchObject(forbidden);
    await expect(jonas.share(map.id)).rejects.toMatchObject({ ...forbidden, details: { role: 'reader' } });
    await expect(mara.share(map.id, { role: 'manager' })).rejects.toMatchObject(forbidden);
    const given = byMara.current.links.find(({ role }) => role === 'writer');
    await given?.revoke();
    await mara.sync.whenConfirmed();
    await until(() => expect(byJonas.current.links.map(({ role }) => role)).toEqual(['manager', 'reader']));
    expect(await jonas.acceptInvite(open)).toMatchObject({ role: 'reader', wasMember: true });
    for (const end of ends) end();
  });
});

describe('[SHARE-7] a removal', { timeout: 120_000 }, () => {
  test('closes the links, so that the member cannot come back, and changes the key', async () => {
    const map = ourMap();
    const open = await link(map, 'writer');
    await join(mara, open);
    await join(jonas, open);
    await expect(mara.members(map.id).remove(jonas.accountID)).rejects.toMatchObject(forbidden);
    // Closing a link also ends what it gave unseen.
    await until(() => expect(map.group.get(jonas.account.id)).toBe('writer'));
    const before = map.group.get('readKey');
    await ana.members(map).remove(mara.accountID);
    await ana.members(map).remove(mara.accountID);
    expect(map.group.get('readKey')).not.toBe(before);
    map.set('title', 'without Mara');
    await ana.sync.whenConfirmed();
    await expect(mara.acceptInvite(open)).rejects.toMatchObject({ details: { reason: 'revoked' } });
    await expect(mara.share(map.id)).rejects.toMatchObject({ ...forbidden, details: { role: undefined } });
    const there = await jonas.load(map.id);
    await until(() => expect(there.get('title')).toBe('without Mara'));
  });

  test('also of a member whose joining has not arrived, and rejects for one that does not exist', async () => {
    const map = ourMap();
    const open = await link(map, 'writer');
    await ana.load(jonas.accountID);
    ana.sync.pause();
    await join(jonas, open);
    expect(map.group.get(jonas.account.id)).toBeUndefined();
    await ana.members(map).remove(jonas.accountID);
    ana.sync.resume();
    await ana.sync.whenConfirmed();
    await until(async () =>
      expect(await jonas.share(map.id).catch((error: unknown) => error)).toMatchObject(forbidden),
    );
    expect(map.group.roleOf(jonas.account.id)).toBeUndefined();
    await expect(ana.members(map).remove('co_zNobodyHasThis')).rejects.toMatchObject({
      code: 'CO_VALUE_NOT_FOUND',
    });
  });

  test('of oneself leaves the group, and an admin stays', async () => {
    const map = ourMap();
    await join(mara, await link(map, 'reader'));
    await join(jonas, await link(map, 'manager'));
    await expect(jonas.members(map.id).remove(ana.accountID)).rejects.toMatchObject(forbidden);
    await mara.members(map.id).remove(mara.accountID);
    await mara.sync.whenConfirmed();
    await until(() => expect(map.group.get(mara.account.id)).toBe('revoked'));
  });

  test('and a lesser role are refused for members of a group above, and named there', async () => {
    const [above, group] = [ana.node.createGroup(), ana.node.createGroup()];
    group.extend(above);
    const map = group.createMap({ title: 'ours' });
    await join(
      mara,
      (await ana.share(above).then((share) => ana.sync.whenConfirmed().then(() => share))).link,
    );
    const list = ana.members(map);
    const end = list.subscribe(() => {});
    await until(() => expect(list.current.members).toHaveLength(2));
    expect(list.current.members[1]).toMatchObject({ accountID: mara.accountID, role: 'writer' });
    const refusal = { ...forbidden, details: { id: above.id, role: 'admin' } };
    await expect(list.remove(mara.accountID)).rejects.toMatchObject(refusal);
    await expect(list.setRole(mara.accountID, 'reader')).rejects.toMatchObject(refusal);
    await list.setRole(mara.accountID, 'manager');
    await until(() => expect(list.current.members[1]?.role).toBe('manager'));
    end();
  });
});

test('[SHARE-7] a role counts as the group above gives it', { timeout: 120_000 }, async () => {
  const [above, readers, writers] = [ana.node.createGroup(), ana.node.createGroup(), ana.node.createGroup()];
  readers.extend(above, 'reader');
  writers.extend(above, 'writer');
  await ana.members(above).setRole(mara.accountID, 'manager');
  const list = ana.members(readers);
  await list.setRole(mara.accountID, 'manager');
  await list.setRole(mara.accountID, 'reader');
  await expect(list.remove(mara.accountID)).rejects.toMatchObject({
    ...forbidden,
    details: { id: above.id },
  });
  expect(readers.roleOf(mara.account.id)).toBe('reader');
  await ana.members(above).setRole(jonas.accountID, 'reader');
  await expect(ana.members(writers).setRole(jonas.accountID, 'reader')).rejects.toMatchObject({
    ...forbidden,
    details: { id: above.id },
  });
});

test('[SHARE-8] a lesser role closes the links to the former one', { timeout: 120_000 }, async () => {
  const map = ourMap();
  const [writers, readers] = [await link(map, 'writer'), await link(map, 'reader')];
  await join(mara, writers);
  await until(() => expect(map.group.get(mara.account.id)).toBe('writer'));
  await ana.members(map).setRole(mara.accountID, 'reader');
  await ana.sync.whenConfirmed();
  await mara.load(map.group.id);
  await until(async () => expect(await mara.acceptInvite(writers)).toMatchObject({ role: 'reader' }));
  await join(jonas, readers);
  const unknown = 'admin' as LinkRole;
  await expect(ana.members(map).setRole(mara.accountID, unknown)).rejects.toThrow(TypeError);
  await expect(ana.share(map, { role: unknown })).rejects.toThrow(/admin/);
});

test('[SHARE-9] what belongs to no group is not shared', { timeout: 120_000 }, async () => {
  await expect(ana.share(ana.account)).rejects.toMatchObject({
    ...forbidden,
    message: expect.stringContaining('no group') as string,
  });
  expect(() => ana.members('no ID')).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
});
