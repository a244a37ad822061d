import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { fillStorage } from './support/everything/break-device.ts';
import { makeStockDatabase } from './support/stock-database.ts';
import { expect, test } from './support/test.ts';

test('content of an older version is migrated while the demo and the panel show progress', async ({
  page,
  devOrigin,
}) => {
  test.slow(); // The dev server has to serve a few hundred modules.
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  await app.untilStored();
  const old = await makeStockDatabase(page, 1860);
  await page.reload();
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  const device = page.getByRole('region', { name: 'What is on this device' });
  await expect(device).toContainText('Moving data from an older version of Lists: 0 of 1,860');
  await expect(device.getByRole('progressbar', { name: 'Moved' })).toHaveJSProperty('max', 1860);
  await page.keyboard.press('Alt+Shift+KeyM');
  const fact = page.getByText('0 of 1,860 CoValues migrated from cojson’s database');
  await expect(fact).toBeVisible();

  await old.release();
  await expect(device).not.toContainText('Moving');
  await expect(fact).toBeHidden();
  const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  expect(names.filter((name) => name?.startsWith('maia-cojson-'))).toEqual([]);
});

test('a full device is reported, existing content stays, and edits are saved once there is space', async ({
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
  const notice = page.getByRole('alert').filter({ hasText: 'Free some space: your changes are still here' });
  await expect(notice).toBeVisible();
  await expect(notice).toContainText('The relay has your latest changes');
  await free();
  await app.untilStored();
  await expect(notice).toBeHidden();
  await page.reload();
  await expect(app.item('Milk')).toBeVisible();
});
