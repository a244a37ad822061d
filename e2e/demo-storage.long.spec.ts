import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { fillStorage } from './support/everything/break-device.ts';
import { makeStockDatabase } from './support/stock-database.ts';
import { expect, test } from './support/test.ts';

test('what an older version kept is moved in sight of the person and of the panel', async ({
  page,
  devOrigin,
}) => {
  test.slow(); // The dev server has a few hundred modules to serve.
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  await app.untilStored();
  const old = await makeStockDatabase(page, 1860);
  await page.reload();
  await page.getByRole('link', { name: 'Account and device' }).click();
  const device = page.getByRole('region', { name: 'What is on this device' });
  await expect(device).toContainText('Moving what an older Lists kept here: 0 of 1,860');
  await expect(device.getByRole('progressbar', { name: 'Moved' })).toHaveJSProperty('max', 1860);
  await page.keyboard.press('Alt+Shift+KeyM');
  const fact = page.getByText('0 of 1,860 CoValues taken over from cojson’s database');
  await expect(fact).toBeVisible();

  await old.release();
  await expect(device).not.toContainText('Moving');
  await expect(fact).toBeHidden();
  const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  expect(names.filter((name) => name?.startsWith('maia-cojson-'))).toEqual([]);
});

test('a full device is named, what was written stays, and is saved once there is room', async ({
  page,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await app.untilStored();
  const free = await fillStorage(page);
  await app.addItem('Milk');
  await expect(app.syncLine).toContainText('Not saved: this device’s storage is full');
  const notice = page.getByRole('alert').filter({ hasText: 'Free some space: your words are still here' });
  await expect(notice).toBeVisible();
  await expect(notice).toContainText('The relay has your last changes');
  await free();
  await app.untilStored();
  await expect(notice).toBeHidden();
  await page.reload();
  await expect(app.item('Milk')).toBeVisible();
});
