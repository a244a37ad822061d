import { expect as playwrightExpect } from '@playwright/test';

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {import('@playwright/test').Locator} Locator */
/** @typedef {import('@playwright/test').BrowserContext} BrowserContext */

const expect = playwrightExpect.configure({ timeout: 30_000 });
const [toDo, doing] = [0, 1];

/** One red pixel. */
const picture = {
  name: 'bread.gif',
  mimeType: 'image/gif',
  buffer: Buffer.from('R0lGODlhAQABAPAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64'),
};

/**
 * @typedef {{
 *   browser: import('@playwright/test').Browser,
 *   relay: { start(): Promise<void>, stop(): Promise<void> },
 *   addVirtualPasskey: typeof import('@MaiaOS/kernel/testing/node').addVirtualPasskey,
 *   laptop: string,
 *   phone: string,
 * }} World the last two are the app's addresses
 */

/** Ada and Ben share a board, each on one device. @param {Pick<World, 'browser' | 'addVirtualPasskey' | 'laptop'>} world */
export async function shareBoardBriefly({ browser, addVirtualPasskey, laptop }) {
  const ada = await openPage(await browser.newContext(), addVirtualPasskey);
  await ada.goto(laptop);
  await press(ada, 'Sign up');
  await press(ada, 'New board');
  for (const title of ['Bread', 'Milk', 'Eggs']) await addCard(ada, title);
  await press(await card(ada, 'Eggs'), '↑');
  const link = await answer(ada, 'prompt', () => press(ada, 'Invite'));
  const ben = await openPage(await browser.newContext(), addVirtualPasskey);
  await ben.goto(link);
  await press(ben, 'Sign up');
  for (const page of [ada, ben]) await expectCards(page, toDo, ['Bread', 'Eggs', 'Milk']);
  await expect(ada.getByText('(here)')).toHaveText([/^.{4}\s+\(here\)/]);
  ada.once('dialog', (dialog) => void dialog.accept('Ada'));
  await press(ada, 'Rename');
  await expect(ben.getByText('(here)')).toHaveText([/^Ada\s+\(here\)/]);

  await typeBefore(ben, 'Milk', 'Oat ');
  await (await card(ada, 'Bread')).getByTitle('Picture').setInputFiles(picture);
  for (const page of [ada, ben]) await expectPicture(page, 'Bread');
  await press(await card(ben, 'Eggs'), '→');
  await press(await card(ada, 'Bread'), '×');
  for (const page of [ada, ben]) {
    await expectCards(page, toDo, ['Oat Milk']);
    await expectCards(page, doing, ['Eggs']);
  }
  await press(ada, 'Undo');
  for (const page of [ada, ben]) await expectCards(page, toDo, ['Bread', 'Oat Milk']);
  await expect(ada.getByRole('button', { name: 'Undo' })).toHaveCount(0);
  for (const page of [ada, ben]) await untilConfirmed(page);
  await press(ada, 'Remove');
  await expectNoAccess(ben);
  return 'two people share it';
}

/** Ada, on a laptop and a phone, and Ben share a board, also apart. @param {World} world */
export async function shareBoard({ browser, relay, addVirtualPasskey, laptop, phone }) {
  const [adas, bens] = [await browser.newContext(), await browser.newContext()];

  // A virtual passkey belongs to one page, which is first Ada's laptop, then her phone.
  const withPasskey = await openPage(adas, addVirtualPasskey);
  await withPasskey.goto(laptop);
  await press(withPasskey, 'Sign up');
  await press(withPasskey, 'New board');
  for (const title of ['Bread', 'Milk', 'Eggs', 'Tea']) await addCard(withPasskey, title);
  await press(await card(withPasskey, 'Eggs'), '↑');
  await untilConfirmed(withPasskey);
  const link = await answer(withPasskey, 'prompt', () => press(withPasskey, 'Invite'));
  await withPasskey.goto(phone);
  await press(withPasskey, 'Sign in');

  const [ada, adasPhone] = [await openPage(adas), withPasskey];
  await ada.goto(laptop);
  const ben = await openPage(bens, addVirtualPasskey);
  await ben.goto(link);
  expect(ben.url()).toBe(laptop);
  await press(ben, 'Sign up');
  const all = [ada, adasPhone, ben];
  for (const page of all) await expectCards(page, toDo, ['Bread', 'Eggs', 'Milk', 'Tea']);
  await expect(ada.getByText('(here)')).toHaveText([/^You\s+\(here\)/, /^.{4}\s+\(here\)/]);
  await expect(ben.getByText('(here)')).toHaveText([/^.{4}\s+\(here\)/]);
  ada.once('dialog', (dialog) => void dialog.accept('Ada'));
  await press(ada, 'Rename');
  await expect(ben.getByText('(here)')).toHaveText([/^Ada\s+\(here\)/]);

  await typeBefore(ben, 'Milk', 'Oat ');
  for (const page of all) await expectCards(page, toDo, ['Bread', 'Eggs', 'Oat Milk', 'Tea']);
  await (await card(ada, 'Bread')).getByTitle('Picture').setInputFiles(picture);
  for (const page of all) await expectPicture(page, 'Bread');

  // Apart, they move cards, add one at the same place, and remove the same one.
  await relay.stop();
  await press(await card(ada, 'Oat Milk'), '↑');
  await press(await card(ada, 'Bread'), '×');
  await addCard(ada, 'Ham');
  await expectCards(ada, toDo, ['Oat Milk', 'Eggs', 'Tea', 'Ham']);
  await press(await card(ben, 'Tea'), '↑');
  await press(await card(ben, 'Eggs'), '→');
  await press(await card(ben, 'Bread'), '×');
  await addCard(ben, 'Jam');
  await expectCards(ben, toDo, ['Tea', 'Oat Milk', 'Jam']);
  await expect(ada.locator('output')).toContainText('3 changes to send');
  await expect(ben.locator('output')).toContainText('4 changes to send');
  expect(await answer(ben, 'confirm', () => press(ben, 'Sign out'))).toContain(
    '4 changes are on this device',
  );
  await relay.start();
  for (const page of all) await expectCards(page, doing, ['Eggs']);
  for (const page of all) await untilConfirmed(page);
  await expect(titles(ada, toDo)).toHaveCount(4);
  const added = (await titles(ada, toDo).evaluateAll(valuesOf)).slice(2);
  expect(added.toSorted()).toEqual(['Ham', 'Jam']);
  for (const page of all) await expectCards(page, toDo, ['Oat Milk', 'Tea', ...added]);
  await press(await card(adasPhone, added[1]), '↑');
  const order = ['Oat Milk', 'Tea', ...added.toReversed()];
  for (const page of all) await expectCards(page, toDo, order);

  // Ben's removal was later, so it is his to undo.
  await expect(ada.getByRole('button', { name: 'Undo' })).toHaveCount(0);
  await press(ben, 'Undo');
  for (const page of all) await expectCards(page, toDo, ['Bread', ...order]);

  await press(ada, 'Remove');
  await expectNoAccess(ben);
  await addCard(ada, 'Secret');
  await expectCards(adasPhone, toDo, ['Bread', ...order, 'Secret']);
  await ben.reload();
  await expectNoAccess(ben);
  await press(ben, 'Sign out');
  await press(ben, 'Sign in');
  await expectNoAccess(ben);
  return 'two people share it on three devices, also apart';
}

/** @param {BrowserContext} context @param {typeof import('@MaiaOS/kernel/testing/node').addVirtualPasskey} [addVirtualPasskey] */
async function openPage(context, addVirtualPasskey) {
  const page = await context.newPage();
  page.on('pageerror', (error) => console.log(`  page: ${error.message}`));
  if (addVirtualPasskey) {
    const session = await context.newCDPSession(page);
    await addVirtualPasskey(session.send.bind(session));
  }
  return page;
}

/**
 * Dismisses the dialog that an action opens. @param {Page} page @param {string} type @param {() => Promise<void>} act
 * @returns {Promise<string>} its text, or what a prompt offers
 */
async function answer(page, type, act) {
  const [dialog] = await Promise.all([
    page.waitForEvent('dialog').then(async (opened) => {
      await opened.dismiss();
      return opened;
    }),
    act(),
  ]);
  expect(dialog.type()).toBe(type);
  return dialog.defaultValue() || dialog.message();
}

/** @param {Page | Locator} where @param {string} name */
const press = (where, name) => where.getByRole('button', { name, exact: true }).click();

/** @param {Page} page @param {number} column */
const titles = (page, column) => page.locator('section').nth(column).locator('article').getByTitle('Title');

/** @param {Page} page @param {string | undefined} title */
async function card(page, title) {
  const inputs = page.locator('article').getByTitle('Title');
  const find = async () => (await inputs.evaluateAll(valuesOf)).indexOf(title ?? '');
  await expect.poll(find).not.toBe(-1);
  return page.locator('article').nth(await find());
}

/** @param {Element[]} inputs @returns {string[]} */
const valuesOf = (inputs) => inputs.map((input) => /** @type {HTMLInputElement} */ (input).value);

/** @param {Page} page @param {string} title */
async function addCard(page, title) {
  const count = await titles(page, toDo).count();
  await press(page.locator('section').nth(toDo), 'Add card');
  await titles(page, toDo).nth(count).fill(title);
}

/** The cursor stays where one types. @param {Page} page @param {string} title @param {string} text */
async function typeBefore(page, title, text) {
  await (await card(page, title)).getByTitle('Title').press('Home');
  await page.keyboard.type(text);
}

/** @param {Page} page @param {string} title */
async function expectPicture(page, title) {
  await expect((await card(page, title)).locator('img')).toHaveJSProperty('naturalWidth', 1);
}

/** @param {Page} page @param {number} column @param {readonly string[]} expected */
async function expectCards(page, column, expected) {
  await expect(titles(page, column)).toHaveCount(expected.length);
  for (const [index, title] of expected.entries())
    await expect(titles(page, column).nth(index)).toHaveValue(title);
}

/** @param {Page} page */
const untilConfirmed = (page) => expect(page.locator('output')).toHaveText('confirmed, 0 changes to send');

/** @param {Page} page */
async function expectNoAccess(page) {
  await expect(page.getByRole('status').last()).toHaveText('No board to show: unauthorized.');
}
