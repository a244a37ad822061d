import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { type NotCounted, watchNotCounted } from './not-counted.ts';
import { type TestDevice } from './test-device.ts';
import { createTestNetwork, type TestNetwork } from './test-network.ts';
import { until } from '../../test/support/until.ts';

let network: TestNetwork;
let ana: TestDevice;
let mara: TestDevice;
/** Of Mara's account. It has opened the list before her edits come. */
let phone: TestDevice;
let id: string;

beforeAll(async () => {
  network = await createTestNetwork();
});
afterAll(() => network.end());

/** Mara joins Ana's list, and edits it offline after Ana has removed her. */
beforeEach(async () => {
  ana = await network.newAccount();
  mara = await network.newAccount();
  id = ana.lists.add('Cabin');
  for (const text of ['Firewood', 'Soap', 'Rope']) ana.edit.addItem(id, text);
  for (const device of [ana, mara]) device.connect();
  await join();
  await until(() => expect(mara.texts(id)).toEqual(['Firewood', 'Soap', 'Rope']));

  await mara.session.sync.whenConfirmed();
  mara.disconnect();
  await ana.session.members(id).remove(mara.account.id);
  mara.edit.addItem(id, 'Matches');
  mara.edit.setText(mara.itemID(id, 'Firewood'), 'Wood');
  await until(() => expect(mara.texts(id)).toContain('Wood'));
  mara.edit.setText(mara.itemID(id, 'Wood'), 'Dry wood');
  mara.edit.setDone(mara.itemID(id, 'Soap'), true);
  mara.edit.moveItem(id, mara.itemID(id, 'Rope'), 0);
  mara.edit.removeItem(id, mara.itemID(id, 'Rope'));
  mara.edit.rename(id, 'Cabin in May');
  phone = await network.sameAccount(mara);
  await until(() => expect(phone.list(id)?.state).toBe('closed'));
});

/** Mara's edits come to the relay. */
async function reconnect() {
  mara.connect();
  await until(() => expect(mara.list(id)?.state).toBe('closed'));
}

async function join() {
  const { link } = await ana.session.share(id);
  await ana.session.sync.whenConfirmed();
  mara.lists.keep((await mara.session.acceptInvite(link)).id);
}

/** What the device reports, until the test ends. */
function watch({ session, lists }: TestDevice): { readonly all: readonly NotCounted[] } {
  const found: { all: readonly NotCounted[] } = { all: [] };
  onTestFinished(watchNotCounted(session, lists, (all) => (found.all = all)));
  return found;
}

const lines = (all: readonly NotCounted[]) =>
  all.map(({ words, wordsBefore, kinds }) => [words, kinds.join(' '), wordsBefore ?? '']);

/** Edits of one millisecond have no order. */
const madeByMara = [
  ['Cabin in May', 'title', ''],
  ['Dry wood', 'words', 'Firewood'],
  ['Matches', 'added', ''],
  ['Rope', 'moved deleted', ''],
  ['Soap', 'checked', ''],
];

it('has the words of edits that do not count, and what each wanted', async () => {
  await reconnect();
  const found = watch(mara);
  await until(() => expect(lines(found.all).sort()).toEqual(madeByMara));
  expect(new Set(found.all.map(({ listID, reason }) => `${listID} ${reason}`))).toEqual(
    new Set([`${id} not-a-member-then`]),
  );
  const ofAna = watch(ana);
  expect(ofAna.all).toEqual([]);
});

it('makes them again once the account has a role, and then they count everywhere', async () => {
  await reconnect();
  const found = watch(mara);
  await until(() => expect(found.all).toHaveLength(madeByMara.length));
  await join();
  await until(() => expect(mara.list(id)?.canChange).toBe(true));
  mara.edit.makeAgain(found.all.flatMap(({ changes }) => changes));
  await until(() => expect([...ana.texts(id)].sort()).toEqual(['Dry wood', 'Matches', 'Soap']));
  expect(ana.list(id)?.title).toBe('Cabin in May');
  expect(ana.list(id)?.items.find(({ text }) => text === 'Soap')?.done).toBe(true);
});

it('is found by another device of the account, which loads the items that were to be added', async () => {
  await reconnect();
  const found = watch(await network.sameAccount(mara));
  await until(() => expect(lines(found.all).sort()).toEqual(madeByMara));
});

it('is found by another device of the account that has opened the list before they come', async () => {
  const found = watch(phone);
  expect(found.all).toEqual([]);
  await reconnect();
  await until(() => expect(lines(found.all).sort()).toEqual(madeByMara));
});
