import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { expect, test } from './support/test.ts';

const only = 'This account exists only on this device so far';

test('every page warns that the account is only here until another device can open it', async ({
  page,
  relay,
  origins,
}) => {
  await relay.stop();
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  const notice = page.getByText(only);
  await expect(notice).toBeVisible();
  await page.getByRole('link', { name: 'New list' }).first().click();
  await expect(page.getByRole('heading', { name: 'A new list' })).toBeVisible();
  await expect(notice).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Account and device' }).click();
  await expect(page.getByRole('heading', { name: 'Passkeys' })).toBeVisible();
  await expect(notice).toHaveCount(1);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('link', { name: 'Lists', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Lists' })).toBeVisible();
  await expect(notice).toBeVisible();
  await relay.start();
  await backOnline(page);
  await expect(notice).toBeHidden({ timeout: 60_000 });
});

test('the account page shows what is on this device, how it is remembered, and what remains after signing out', async ({
  page,
  origins,
}) => {
  // The browser's own answer varies.
  await page.addInitScript(() => {
    const agrees = () => Promise.resolve(sessionStorage.getItem('agrees') !== null);
    Object.assign(navigator.storage, {
      estimate: () => Promise.resolve({ usage: 14_200_000, quota: 2_000_000_000 }),
      persisted: agrees,
      persist: agrees,
    });
  });
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await page.getByRole('textbox', { name: 'Your name (optional)' }).fill('Ana, at home');
  await app.signUp();
  const device = page.getByRole('region', { name: 'What is on this device' });
  const open = () => page.getByRole('link', { name: 'Account and device' }).first().click();
  await open();
  await expect(device).toContainText('About 14 MB is saved here');
  await expect(device).toContainText('allows about 2 GB');
  await expect(device).toContainText('You stay signed in');
  await expect(device).toContainText(/Ana, at home\s*This account, last used today/);
  await expect(device).toContainText('its passkeys’ IDs');

  await expect(device).toContainText('The browser may delete this data when space runs low');
  await page.evaluate(() => sessionStorage.setItem('agrees', ''));
  await page.reload();
  await expect(device).toContainText('The browser protects this data');
  await app.untilStored();

  await app.open(origins[1]);
  await page.getByRole('combobox', { name: 'When you come back' }).selectOption('Keep nothing here');
  await app.signIn();
  await open();
  await expect(device).toContainText('Nothing is saved here');
  await expect(device).toContainText('You are signed out when this tab closes');
  await expect(device).toContainText('Nothing remains after signing out');
  await expect(device).not.toContainText('Ana, at home');
});
