import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDevice } from './test-device.ts';
import { createTestNetwork, type TestNetwork } from './test-network.ts';
import { until } from '../../test/support/until.ts';

let network: TestNetwork;
let phone: TestDevice;
let laptop: TestDevice;
let id: string;

beforeAll(async () => {
  network = await createTestNetwork();
});
afterAll(() => network.end());

describe('two devices of one account while disconnected', () => {
  beforeEach(async () => {
    phone = await network.newAccount();
    id = phone.lists.add('Groceries');
    for (const text of ['a', 'b', 'c']) phone.edit.addItem(id, text);
    phone.connect();
    laptop = await network.sameAccount(phone);
    await until(() => expect(laptop.texts(id)).toEqual(['a', 'b', 'c']));
    phone.disconnect();
  });

  it('keep the lists that each creates', async () => {
    phone.lists.add('From the phone');
    laptop.lists.add('From the laptop');
    phone.connect();
    await until(() => {
      expect(
        phone
          .shows()
          .lists.map((list) => list.title)
          .sort(),
      ).toEqual(['From the laptop', 'From the phone', 'Groceries']);
      expect(laptop.shows()).toEqual(phone.shows());
    });
  });

  it('keep the items that each adds and the different fields that each changes', async () => {
    const item = phone.itemID(id, 'a');
    phone.edit.setText(item, 'A');
    phone.edit.addItem(id, 'from the phone');
    laptop.edit.setDone(item, true);
    laptop.edit.addItem(id, 'from the laptop');
    phone.connect();
    await until(() => {
      expect([...phone.texts(id)].sort()).toEqual(['A', 'b', 'c', 'from the laptop', 'from the phone']);
      expect(laptop.shows()).toEqual(phone.shows());
    });
    const list = laptop.list(id);
    expect(list && list.items.filter(({ done }) => done).map(({ text }) => text)).toEqual(['A']);
  });

  it('converge to the same text and position if both changed them', async () => {
    const item = phone.itemID(id, 'c');
    phone.edit.setText(item, 'from the phone');
    phone.edit.moveItem(id, item, 0);
    await nextMillisecond();
    laptop.edit.setText(item, 'from the laptop');
    laptop.edit.moveItem(id, item, 1);
    phone.connect();
    await until(() => {
      expect(phone.texts(id)).toEqual(['a', 'from the laptop', 'b']);
      expect(laptop.texts(id)).toEqual(phone.texts(id));
    });
  });

  it('keep an edit to an item that the other deleted, in case the deletion is undone', async () => {
    const item = phone.itemID(id, 'b');
    const undo = phone.edit.removeItem(id, item);
    laptop.edit.setText(item, 'B');
    phone.connect();
    await until(() => expect(laptop.texts(id)).toEqual(['a', 'c']));
    undo();
    await until(() => {
      expect(phone.texts(id)).toEqual(['a', 'B', 'c']);
      expect(laptop.texts(id)).toEqual(['a', 'B', 'c']);
    });
  });
});

/** cojson orders edits of the same millisecond by arrival, which differs between devices. */
async function nextMillisecond() {
  const now = Date.now();
  await until(() => expect(Date.now()).toBeGreaterThan(now));
}
