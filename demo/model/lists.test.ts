import { type CoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { createTestSession } from '@MaiaOS/kernel/testing';
import { get } from 'svelte/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openItems } from './list-view.ts';
import { createLists } from './lists.ts';
import { createTestDevice, type TestDevice } from './test-device.ts';
import { until } from '../../test/support/until.ts';

let phone: TestDevice;

beforeEach(async () => {
  phone = createTestDevice(await createTestSession());
});
afterEach(() => phone.session.close());

const titles = () => phone.shows().lists.map((list) => list.title);

describe('lists', () => {
  it('are empty in a new account, which differs from not loaded', async () => {
    await until(() => expect(phone.shows()).toEqual({ state: 'ready', lists: [] }));
    const other = await createTestSession();
    const stranger = createLists({ ...phone.session, account: other.account });
    expect(get(stranger).state).toBe('missing');
    await other.close();
  });

  it('keep the order of their creation', async () => {
    for (const title of ['Groceries', 'Cabin', 'Books']) phone.lists.add(title);
    await until(() => expect(titles()).toEqual(['Groceries', 'Cabin', 'Books']));
  });

  it('are in the order of their keys, whichever was written last', async () => {
    const groceries = phone.lists.add('Groceries');
    phone.lists.add('Cabin');
    const root = phone.node.getLoaded(phone.account.get('root') as CoID<RawCoMap>);
    root?.set(`lists/${groceries}`, 'z');
    await until(() => expect(titles()).toEqual(['Cabin', 'Groceries']));
  });

  it('return to their position when a removal is undone', async () => {
    phone.lists.add('Groceries');
    const cabin = phone.lists.add('Cabin');
    phone.lists.add('Books');
    const undo = phone.lists.remove(cabin);
    await until(() => expect(titles()).toEqual(['Groceries', 'Books']));
    undo();
    await until(() => expect(titles()).toEqual(['Groceries', 'Cabin', 'Books']));
  });

  it('can be renamed', async () => {
    const id = phone.lists.add('Groceries');
    phone.edit.rename(id, 'Food');
    await until(() => expect(titles()).toEqual(['Food']));
  });

  it('have no other members until they are shared', async () => {
    const id = phone.lists.add('Groceries');
    await until(() =>
      expect(phone.list(id)).toMatchObject({
        inviteSecret: undefined,
        canChange: true,
        canManage: true,
      }),
    );
  });

  it('write nothing that a relay can read', async () => {
    const id = phone.lists.add('Groceries');
    phone.edit.addItem(id, 'Milk');
    await phone.edit.createLink(id);
    await until(() => expect(phone.texts(id)).toEqual(['Milk']));
    const root = phone.account.get('root');
    for (const mapID of [id, phone.itemID(id, 'Milk'), root]) {
      const { verified } = phone.node.getLoaded(mapID as CoID<RawCoMap>)?.core ?? {};
      const transactions = Object.values(Object.fromEntries(verified?.sessionEntries() ?? []))
        .flatMap((session) => session.transactions)
        .filter((transaction) => transaction.privacy !== 'private' && transaction.changes !== '[]');
      expect(transactions).toEqual([]);
    }
  });
});

describe('items', () => {
  let id: string;

  beforeEach(async () => {
    id = phone.lists.add('Groceries');
    for (const text of ['a', 'b', 'c']) phone.edit.addItem(id, text);
    await until(() => expect(phone.texts(id)).toEqual(['a', 'b', 'c']));
  });

  it('move without replacing the objects of other items', async () => {
    const before = phone.list(id)?.items;
    phone.edit.moveItem(id, phone.itemID(id, 'c'), 0);
    await until(() => expect(phone.texts(id)).toEqual(['c', 'a', 'b']));
    expect(phone.list(id)?.items[1]).toBe(before?.[0]);
    phone.edit.moveItem(id, phone.itemID(id, 'c'), 1);
    await until(() => expect(phone.texts(id)).toEqual(['a', 'c', 'b']));
  });

  it('move among open items regardless of done items between them', async () => {
    phone.edit.setDone(phone.itemID(id, 'b'), true);
    phone.edit.moveItem(id, phone.itemID(id, 'c'), 0);
    await until(() => {
      const list = phone.list(id);
      expect(list && openItems(list).map((item) => item.text)).toEqual(['c', 'a']);
      expect(list && list.items.filter(({ done }) => done).map((item) => item.text)).toEqual(['b']);
    });
  });

  it('return unchanged to their position when a deletion is undone', async () => {
    const undo = phone.edit.removeItem(id, phone.itemID(id, 'b'));
    await until(() => expect(phone.texts(id)).toEqual(['a', 'c']));
    undo();
    await until(() => expect(phone.texts(id)).toEqual(['a', 'b', 'c']));
  });

  it('are counted as missing if they are not on this device', async () => {
    phone.node.getLoaded(id as CoID<RawCoMap>)?.set('items/co_zNobodyHasThisOne1111111111', true);
    await until(() => expect(phone.list(id)).toMatchObject({ missingItems: 1, items: { length: 3 } }));
  });

  it('are counted as missing if another app wrote invalid fields', async () => {
    const item = phone.node.getLoaded(phone.itemID(id, 'a') as CoID<RawCoMap>);
    item?.set('text', { not: 'a text' });
    await until(() => expect(phone.texts(id)).toEqual(['b', 'c']));
    expect(phone.list(id)?.missingItems).toBe(1);
  });
});
