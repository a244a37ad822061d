import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { createApp } from '../../e2e/support/app.ts';
import { addAuthenticator } from '../../e2e/support/authenticator.ts';
import { fillStorage } from '../../e2e/support/everything/break-device.ts';
import { makeStockDatabase } from '../../e2e/support/stock-database.ts';
import { expect, test } from '../../e2e/support/test.ts';

/** The folder for the pictures; if it is not set, the tests make none. */
const folder = process.env['MAIA_LOOK'] ?? '';
const looks = [
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
  { width: 1280, height: 800, colorScheme: 'dark' },
  { width: 390, height: 844, colorScheme: 'light' },
] as const;

/** Takes pictures of one state in both widths and both colour schemes. */
async function look(page: Page, name: string): Promise<void> {
  for (const { width, height, colorScheme } of looks) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    const path = join(folder, `${name}-${width}-${colorScheme}.png`);
    await page.screenshot({ path, fullPage: (await page.getByRole('dialog').count()) === 0 });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function without(browser: Browser, what: () => void): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(what);
  return page;
}

test.skip(folder === '', 'MAIA_LOOK names the folder for pictures of each state');

test('the gate', async ({ page, browser, origins }) => {
  await addAuthenticator(page);
  await page.goto(origins[0]);
  await expect(page.getByRole('button', { name: 'Continue with a passkey' })).toBeVisible();
  await look(page, 'gate');
  await page.getByRole('combobox').selectOption('Keep nothing here');
  await look(page, 'gate-shared');
  await page.getByRole('button', { name: 'Use the recovery phrase' }).click();
  const field = page.getByRole('textbox', { name: 'Your 24 words' });
  await field.fill(['votte', ...Array<string>(22).fill('zoo'), 'xylophone'].join(' '));
  await page.getByRole('button', { name: 'Open my account' }).click();
  await expect(page.getByText('Word 24', { exact: true })).toBeVisible();
  await look(page, 'gate-phrase-wrong');
  await field.fill([...Array<string>(23).fill('zoo'), 'vote'].join(' '));
  await page.getByRole('button', { name: 'Open my account' }).click();
  await expect(page.getByText('no account for these words')).toBeVisible();
  await look(page, 'gate-phrase-unknown');

  const noPrf = await without(browser, () => {
    PublicKeyCredential.getClientCapabilities = () => Promise.resolve({ 'extension:prf': false });
  });
  await noPrf.goto(origins[0]);
  await expect(noPrf.getByRole('button', { name: 'Show me my 24 words' })).toBeVisible();
  await look(noPrf, 'gate-words');
  await noPrf.getByRole('button', { name: 'Show me my 24 words' }).click();
  await expect(noPrf.getByRole('button', { name: 'I have written them down' })).toBeVisible();
  await look(noPrf, 'words-new');
  await noPrf.getByRole('button', { name: 'I have written them down' }).click();
  await look(noPrf, 'words-type');
  await noPrf.context().close();
});

test('the account page and its dialogs', async ({ page, relay, origins }) => {
  const authenticator = await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await page.getByRole('textbox', { name: 'Account name (optional)' }).fill('Ana');
  await app.signUp();
  await app.makeList('Groceries');
  await app.addItem('Bread');
  await app.untilStored();
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await authenticator.replace();
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Blue security key');
  await look(page, 'add-passkey');
  await page.getByRole('button', { name: 'Add the passkey' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await look(page, 'account');
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  await look(page, 'sign-out');
  await page.keyboard.press('Escape');
  await relay.stop();
  await page.getByRole('link', { name: /Groceries/ }).click();
  await app.addItem('Milk');
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  await expect(page.getByRole('dialog').getByRole('heading')).toContainText('not confirmed yet');
  await look(page, 'sign-out-guard');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Open another account' }).click();
  await expect(page.getByRole('button', { name: /^Ana/ })).toBeVisible();
  await look(page, 'gate-known');
  await page.getByRole('button', { name: /^Ana/ }).click();
  await relay.start();
  await app.untilStored();
  const other = createApp(await page.context().newPage());
  await other.open(origins[0]);
  await other.openList('Groceries');
  await page.bringToFront();
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByText('You are signed out')).toBeVisible();
  await look(page, 'signed-out');
  await expect(other.page.getByText('You are signed out')).toBeVisible();
  await look(other.page, 'ended');
});

test('sharing, and an account on this device only', async ({ page, browser, relay, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Cabin weekend', 'Firewood');
  await app.untilStored();
  const link = await app.share();
  await app.untilStored();
  const guest = createApp(await (await browser.newContext()).newPage());
  await addAuthenticator(guest.page);
  await guest.page.goto(link);
  await expect(guest.page.getByRole('button', { name: 'Join with a passkey' })).toBeVisible();
  await look(guest.page, 'gate-join');
  await guest.page.getByRole('button', { name: 'Join with a passkey' }).click();
  await expect(guest.item('Firewood')).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.getByRole('button', { name: /^Remove Account/ })).toBeVisible();
  await look(page, 'share');
  await page.getByRole('button', { name: 'Revoke link' }).click();
  await look(page, 'share-revoke');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Remove Account/ }).click();
  await look(page, 'share-remove');
  await guest.page.context().close();

  await relay.stop();
  const alone = createApp(await (await browser.newContext()).newPage());
  await addAuthenticator(alone.page);
  await alone.begin(origins[1], 'Groceries', 'Bread');
  await expect(alone.page.getByText('This account exists only on this device')).toBeVisible();
  await look(alone.page, 'only-here');
});

test('storage on this device, working and full', async ({ page, devOrigin }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  await app.untilStored();
  const old = await makeStockDatabase(page, 1860);
  await page.reload();
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await expect(page.getByRole('progressbar', { name: 'Moved' })).toBeVisible();
  await look(page, 'taking-over');
  await page.keyboard.press('Alt+Shift+KeyM');
  await expect(page.getByText('CoValues taken over')).toBeVisible();
  await look(page, 'panel-taking-over');
  await page.keyboard.press('Alt+Shift+KeyM');
  await old.release();
  await app.openList('Groceries');
  await fillStorage(page);
  await app.addItem('Milk');
  await expect(page.getByText('Free some space')).toBeVisible();
  await look(page, 'storage-full');
  await page.getByRole('heading', { name: 'Groceries' }).click(); // A focused field would block the hotkey.
  await page.keyboard.press('Alt+Shift+KeyM');
  await look(page, 'panel-storage-full');
});
