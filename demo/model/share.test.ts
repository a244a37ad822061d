import { type CoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { inviteLink, parseInviteLink, type Invite } from './invite-link.ts';
import { joinList } from './join-list.ts';
import { createLists } from './lists.ts';
import { createTestNetwork, type TestDevice, type TestNetwork } from './test-network.ts';
import { until } from '../../test/support/until.ts';

let network: TestNetwork;
let ana: TestDevice;
let mara: TestDevice;
let id: string;

beforeEach(async () => {
  network = await createTestNetwork();
  ana = await network.newAccount();
  mara = await network.newAccount();
  id = ana.lists.add('Cabin');
  ana.edit.addItem(id, 'Firewood');
});

function invite(): Invite {
  const link = inviteLink('https://lists.example/app/?utm=1#list/x', {
    listID: id,
    secret: ana.edit.inviteSecret(id),
  });
  const parsed = parseInviteLink(link);
  if (!parsed) throw new Error(`${link} is not parsed as a link.`);
  return parsed;
}

const join = (link: Invite) => joinList(mara.node, mara.lists, link);

describe('a member', () => {
  it('has the name that it chose, which no other member can change', async () => {
    const link = invite();
    ana.connect();
    mara.connect();
    await join(link);
    const [anaID, maraID] = [ana.node.getCurrentAgent().id, mara.node.getCurrentAgent().id];
    const namesAt = (device: TestDevice) =>
      Object.fromEntries(device.list(id)?.members.map(({ accountID, name }) => [accountID, name]) ?? []);
    await until(() => expect(ana.list(id)?.members).toHaveLength(2));
    expect(namesAt(ana)).toEqual({ [anaID]: undefined, [maraID]: undefined });

    mara.edit.setMemberName(id, maraID, ' Mara ');
    await until(() => expect(namesAt(ana)[maraID]).toBe('Mara'));
    ana.edit.setMemberName(id, maraID, 'Nobody');
    ana.edit.setMemberName(id, anaID, 'x'.repeat(100));
    await until(() => expect(namesAt(mara)[anaID]).toBe('x'.repeat(60)));
    for (const device of [ana, mara]) expect(namesAt(device)[maraID]).toBe('Mara');
    mara.edit.setMemberName(id, maraID, '');
    await until(() => expect(namesAt(ana)[maraID]).toBeUndefined());
  });
});

describe('a share link', () => {
  it('adds the list once the account’s root is loaded', async () => {
    const link = invite();
    ana.connect();
    mara.connect();
    const other = await network.sameAccount(mara);
    const rootID = other.account.get('root');
    if (rootID) other.node.internalDeleteCoValue(rootID);
    const lists = createLists(other.node, other.account);
    expect(await joinList(other.node, lists, link)).toEqual({ kind: 'joined', listID: id });
    await until(() => expect(mara.list(id)?.title).toBe('Cabin'));
  });

  it('lets a second account read and change the list, and both see each other’s changes', async () => {
    const link = invite();
    ana.connect();
    mara.connect();
    expect(await join(link)).toEqual({ kind: 'joined', listID: id });
    await until(() => {
      expect(mara.list(id)).toMatchObject({ state: 'ready', title: 'Cabin', others: 1, canChange: true });
      expect(mara.texts(id)).toEqual(['Firewood']);
    });

    mara.edit.addItem(id, 'Coffee');
    mara.edit.setDone(mara.itemID(id, 'Firewood'), true);
    await until(() => {
      expect(ana.texts(id)).toEqual(['Firewood', 'Coffee']);
      expect(ana.list(id)).toMatchObject({ others: 1, items: [{ done: true }, { done: false }] });
    });
  });

  it('is the same for every member of a list', async () => {
    const link = invite();
    expect(invite()).toEqual(link);
    ana.connect();
    mara.connect();
    await join(link);
    await until(() => expect(mara.list(id)).toMatchObject({ inviteSecret: link.secret, canInvite: false }));
    expect(mara.edit.inviteSecret(id)).toBe(link.secret);
  });

  it('can be opened again', async () => {
    const link = invite();
    ana.connect();
    mara.connect();
    await join(link);
    expect(await join(link)).toEqual({ kind: 'joined', listID: id });
    await until(() => expect(mara.shows().lists).toHaveLength(1));
  });

  it('is required: knowing the list ID is not enough', async () => {
    ana.connect();
    mara.connect();
    mara.lists.keep(id);
    await until(() => expect(mara.list(id)).toMatchObject({ state: 'closed', title: '', items: [] }));
  });

  it('is refused with a wrong secret, and nothing is added', async () => {
    const { listID } = invite();
    const stranger = ana.lists.add('Another');
    ana.connect();
    mara.connect();
    const wrong = { listID, secret: ana.edit.inviteSecret(stranger) };
    expect(await join(wrong)).toMatchObject({ kind: 'refused' });
    expect(await join({ listID, secret: 'inviteSecret_zTooShort' })).toMatchObject({ kind: 'refused' });
    expect(mara.shows().lists).toEqual([]);
  });

  it('reports an unreachable list as missing and works once it is available', async () => {
    const link = invite();
    expect(await join(link)).toEqual({ kind: 'missing' });
    ana.connect();
    mara.connect();
    expect(await join(link)).toEqual({ kind: 'joined', listID: id });
  });
});

describe('the members of a list', () => {
  it('are visible to all, and only a manager can remove others', async () => {
    ana.connect();
    mara.connect();
    await join(invite());
    await until(() =>
      expect(ana.list(id)?.members).toMatchObject([
        { accountID: ana.account.id, isMe: true, may: 'manage', canRemove: false },
        { accountID: mara.account.id, isMe: false, may: 'change', canRemove: true },
      ]),
    );
    expect(mara.list(id)?.members).toMatchObject([
      { accountID: mara.account.id, isMe: true, canRemove: false },
      { accountID: ana.account.id, isMe: false, may: 'manage', canRemove: false },
    ]);
  });
});

describe('a revoked link', () => {
  it('admits no one, while existing members keep access', async () => {
    const jonas = await network.newAccount();
    for (const device of [ana, mara, jonas]) device.connect();
    const link = invite();
    await join(link);
    const readKey = () => ana.node.getLoaded(id as CoID<RawCoMap>)?.group.get('readKey');
    const before = readKey();
    ana.edit.revokeLinks(id);
    expect(readKey()).toMatch(/^key_z/);
    expect(readKey()).not.toBe(before);
    await until(() => expect(ana.list(id)?.inviteSecret).toBeUndefined());
    ana.edit.addItem(id, 'Matches');

    expect(await joinList(jonas.node, jonas.lists, link)).toMatchObject({ kind: 'refused' });
    expect(jonas.shows().lists).toEqual([]);
    await until(() => expect(mara.texts(id)).toEqual(['Firewood', 'Matches']));
    mara.edit.addItem(id, 'Coffee');
    await until(() => expect(ana.texts(id)).toContain('Coffee'));
    expect(mara.list(id)?.inviteSecret).toBeUndefined();
  });

  it('can be replaced by a new one', async () => {
    ana.connect();
    mara.connect();
    const old = invite();
    ana.edit.revokeLinks(id);
    const link = invite();
    expect(link.secret).not.toBe(old.secret);
    expect(await join(link)).toEqual({ kind: 'joined', listID: id });
    await until(() => expect(mara.texts(id)).toEqual(['Firewood']));
  });
});

describe('a removed member', () => {
  it('cannot read later edits, and can rejoin only through a new link', async () => {
    ana.connect();
    mara.connect();
    const link = invite();
    await join(link);
    await until(() => expect(mara.texts(id)).toEqual(['Firewood']));
    ana.edit.removeMember(id, mara.account.id);
    await until(() => expect(mara.list(id)).toMatchObject({ state: 'closed', items: [] }));
    expect(ana.list(id)).toMatchObject({ others: 0, inviteSecret: undefined });

    const later = ana.edit.addItem(id, 'Secret plan') as CoID<RawCoMap>;
    const asMara = await until(async () => {
      const item = await mara.node.load(later);
      if (item === 'unavailable') throw new Error('The item has not arrived.');
      return item;
    });
    expect(asMara.core.verified.knownState().sessions).not.toEqual({});
    expect(asMara.get('text')).toBeUndefined();
    expect(await join(link)).toMatchObject({ kind: 'refused' });
    expect(await join(invite())).toEqual({ kind: 'joined', listID: id });
    await until(() => expect(mara.texts(id)).toEqual(['Firewood', 'Secret plan']));
  });
});
