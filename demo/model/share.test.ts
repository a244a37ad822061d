import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDevice } from './test-device.ts';
import { createTestNetwork, type TestNetwork } from './test-network.ts';
import { until } from '../../test/support/until.ts';

let network: TestNetwork;
let ana: TestDevice;
let mara: TestDevice;
let id: string;

beforeAll(async () => {
  network = await createTestNetwork();
});
afterAll(() => network.end());
beforeEach(async () => {
  ana = await network.newAccount();
  mara = await network.newAccount();
  id = ana.lists.add('Cabin');
  ana.edit.addItem(id, 'Firewood');
  for (const device of [ana, mara]) device.connect();
});

/** The list's latest link. */
function invite() {
  const secret = ana.list(id)?.inviteSecret;
  if (secret === undefined) throw new Error('The list has no link.');
  return { id, secret };
}

async function createLink() {
  await ana.edit.createLink(id);
  await until(() => expect(ana.list(id)?.inviteSecret).toBeDefined());
  return invite();
}

async function join(link = invite()) {
  await ana.session.sync.whenConfirmed();
  mara.lists.keep((await mara.session.acceptInvite(link)).id);
  await until(() => expect(mara.list(id)?.state).toBe('ready'));
}

describe('a share link', () => {
  it('lets a second account read and change the list, and both see each other’s changes', async () => {
    await createLink();
    await join();
    await until(() => {
      expect(mara.list(id)).toMatchObject({ title: 'Cabin', canChange: true, canManage: false });
      expect(mara.texts(id)).toEqual(['Firewood']);
    });
    mara.edit.addItem(id, 'Coffee');
    mara.edit.setDone(mara.itemID(id, 'Firewood'), true);
    await until(() => {
      expect(ana.texts(id)).toEqual(['Firewood', 'Coffee']);
      expect(ana.list(id)).toMatchObject({ items: [{ done: true }, { done: false }] });
    });
  });

  it('is the same for every member of a list', async () => {
    const link = await createLink();
    await join();
    await until(() => expect(mara.list(id)?.inviteSecret).toBe(link.secret));
  });

  it('is required: knowing the list ID is not enough', async () => {
    mara.lists.keep(id);
    await until(() => expect(mara.list(id)).toMatchObject({ state: 'closed', title: '', items: [] }));
  });

  it('of an earlier version of this app still opens the list', async () => {
    const group = ana.session.watch(id).current;
    if (group.state !== 'ready') throw new Error('Ana has the list.');
    const secret = group.raw.group.createInvite('writer');
    group.raw.set('invite', secret);
    await until(() => expect(ana.list(id)?.inviteSecret).toBe(secret));
    await join();
  });
});

describe('a removed member', () => {
  it('cannot read the list, and can rejoin only through a new link', async () => {
    const link = await createLink();
    await join();
    await ana.session.members(id).remove(mara.account.id);
    await until(() => expect(mara.list(id)).toMatchObject({ state: 'closed', items: [] }));
    ana.edit.addItem(id, 'Secret plan');
    await expect(mara.session.acceptInvite(link)).rejects.toMatchObject({ code: 'INVITE_INVALID' });
    await createLink();
    await join();
    await until(() => expect(mara.texts(id)).toEqual(['Firewood', 'Secret plan']));
  });
});
