import type * as kernel from '@MaiaOS/kernel';
import type { Page } from '@playwright/test';
import { join } from 'node:path';
import { createApp, type App } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import type { RelayProcess } from './support/relay-process.ts';
import { root } from './support/servers.ts';
import { expect, test } from './support/test.ts';

async function openAccountPage(page: Page): Promise<void> {
  // A warning on the page may link there, too.
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Account and device' })).toBeVisible();
  await expect(page).toHaveTitle('Account and device · Lists');
}

const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test('passkeys are listed, added and removed, but the last one cannot be removed', async ({
  page,
  origins,
}) => {
  const authenticator = await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await app.untilStored();
  await openAccountPage(page);

  const passkeys = section(page, 'Passkeys');
  const rows = passkeys.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Remove/ }) });
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('Usable elsewhere');
  await expect(page.getByText('exists only on this device')).toHaveCount(0);

  await rows.getByRole('button', { name: /^Remove/ }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await sheet.getByRole('button', { name: 'Remove the passkey' }).click();
  await expect(sheet.getByRole('alert')).toContainText('This is your only passkey');
  await sheet.getByRole('button', { name: 'Keep it' }).click();
  await expect(rows).toHaveCount(1);

  await authenticator.replace();
  await passkeys.getByRole('button', { name: 'Add a passkey' }).click();
  await sheet.getByRole('textbox', { name: 'Name' }).fill('Blue security key');
  await page.keyboard.press('Enter');
  await expect(sheet).toBeHidden();
  const added = rows.filter({ hasText: 'Blue security key' });
  await expect(added).toContainText('Usable elsewhere');

  await rows
    .filter({ hasNotText: 'Blue security key' })
    .getByRole('button', { name: /^Remove/ })
    .click();
  await sheet.getByRole('button', { name: 'Remove the passkey' }).click();
  await expect(rows).toHaveCount(1);
  await expect(added).toBeVisible();
  await expect(passkeys.getByRole('button', { name: 'Add a passkey' })).toBeFocused();

  await app.untilStored();
  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Groceries');
});

test('a refused prompt adds no passkey and shows why', async ({ page, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await openAccountPage(page);
  // The only authenticator already has a passkey of this account.
  await section(page, 'Passkeys').getByRole('button', { name: 'Add a passkey' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: 'Add the passkey' }).click();
  await expect(sheet.getByRole('alert')).toContainText('No passkey was added');
  await page.keyboard.press('Escape');
  await expect(section(page, 'Passkeys').getByRole('button', { name: /^Remove/ })).toHaveCount(1);
});

test('a passkey that returns its key only on use is checked, and usable elsewhere from then on', async ({
  page,
  origins,
}) => {
  await addAuthenticator(page, { prf: 'on-get', hasAutofill: true });
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await app.untilStored();
  await openAccountPage(page);
  const passkeys = section(page, 'Passkeys');
  const notice = page.getByText('This account exists only on this device so far');
  await expect(passkeys).toContainText('Not usable elsewhere yet');
  await expect(notice).toBeVisible();

  await passkeys.getByRole('button', { name: /^Check the passkey/ }).click();
  await expect(passkeys.getByRole('status')).toContainText('is usable elsewhere');
  await expect(passkeys).not.toContainText('Not usable elsewhere yet');
  await expect(passkeys.getByRole('button', { name: /^Check the passkey/ })).toHaveCount(0);
  await expect(passkeys.getByRole('button', { name: 'Add a passkey' })).toBeFocused();
  await expect(notice).toBeHidden();
});

test('an account that no relay has is marked as existing only on this device until a relay has it', async ({
  page,
  relay,
  origins,
}) => {
  await relay.stop();
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await openAccountPage(page);
  const notice = page.getByText('This account exists only on this device so far');
  await expect(notice).toBeVisible();
  await expect(section(page, 'Passkeys')).toContainText('Not usable elsewhere yet');
  await relay.start();
  await backOnline(page);
  await expect(section(page, 'Passkeys')).toContainText('· used here');
  await expect(notice).toBeHidden({ timeout: 40_000 });
  await expect(section(page, 'Passkeys')).not.toContainText('Not usable elsewhere yet');
});

test('the recovery phrase is shown after a tap, and hidden again when the user leaves the page', async ({
  page,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await openAccountPage(page);
  const phrase = section(page, 'Recovery phrase');
  await expect(phrase).toContainText('Never shown');
  const words = phrase.getByRole('list', { name: 'Your 24 words' });
  await phrase.getByRole('button', { name: 'Show the words' }).click();
  await expect(words.getByRole('listitem')).toHaveCount(24);
  await phrase.getByRole('button', { name: 'Hide' }).click();
  await expect(words).toHaveCount(0);
  await expect(phrase).toContainText('Shown before');

  await phrase.getByRole('button', { name: 'Show the words' }).click();
  await expect(words).toBeVisible();
  await app.openList('Groceries');
  await page.goBack();
  await expect(phrase).toContainText('Shown before');
  await expect(words).toHaveCount(0);
});

test('shown words are hidden after a minute, even if the device slept through it', async ({
  page,
  origins,
}) => {
  await page.clock.install();
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await openAccountPage(page);
  const phrase = section(page, 'Recovery phrase');
  const words = phrase.getByRole('list', { name: 'Your 24 words' });
  await phrase.getByRole('button', { name: 'Show the words' }).click();
  await expect(words).toBeVisible();
  await expect(phrase).toContainText(/They are hidden again in 5\d s/);
  await page.clock.fastForward(61_000);
  await expect(words).toHaveCount(0);
  await expect(phrase).toContainText('Shown before');
});

test('signing out anyway loses unconfirmed changes', async ({ page, relay, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await app.untilStored();
  await relay.stop();
  await app.addItem('Milk');
  await openAccountPage(page);
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: /^Sign out now and lose the \d+ changes?$/ }).click();
  await expect(page.getByText('You are signed out', { exact: true })).toBeVisible();
  await expect(page).toHaveTitle('Lists');
  expect(new URL(page.url()).hash).toBe('');
  await relay.start();
  await app.signIn();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
  await app.untilStored();
  await expect(app.item('Milk')).toHaveCount(0);
});

test('signing out lists what would be lost, and ends every tab', async ({
  page,
  context,
  relay,
  origins,
}) => {
  const app = await beginWithoutRelay(page, relay, origins[0]);
  const other = createApp(await context.newPage());
  await other.open(origins[0]);
  await other.openList('Groceries');
  await page.bringToFront();
  await openAccountPage(page);

  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('heading')).toHaveText(/^\d+ changes? (is|are) not confirmed yet$/);
  await expect(sheet.getByRole('listitem').filter({ hasText: 'Bread' })).toContainText('Groceries');
  const lose = sheet.getByRole('button', { name: /^Sign out now and lose/ });
  await expect(lose).toBeVisible();
  await sheet.getByRole('checkbox', { name: /^Keep the encrypted lists/ }).check();
  await expect(lose).toHaveCount(0);
  await sheet.getByRole('button', { name: 'Sign out and keep encrypted data' }).click();

  await expect(page.getByText('You are signed out', { exact: true })).toBeVisible();
  await expect(other.page.getByRole('alert')).toContainText('You are signed out');
  await expect(other.page).toHaveTitle('Signed out · Lists');
  await expect(other.page.getByText('Bread')).toHaveCount(0);

  // The encrypted lists are still here, so the account is listed too.
  await page.getByRole('list', { name: 'Accounts on this device' }).getByRole('button').click();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
  await openAccountPage(page);
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  await sheet.getByRole('button', { name: 'Sign out once everything is confirmed' }).click();
  await relay.start();
  await backOnline(page);
  await expect(page.getByText('You are signed out', { exact: true })).toBeVisible({ timeout: 60_000 });
  await app.signIn();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
});

test('a sign-out that waits goes on when another tab answers again', async ({
  page,
  context,
  relay,
  origins,
}) => {
  test.slow(); // A tab that is silent is waited for.
  await beginWithoutRelay(page, relay, origins[0]);
  await openAccountPage(page);
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('button', { name: 'Sign out once everything is confirmed' }).click();
  const other = createApp(await context.newPage());
  await other.open(origins[0]);
  await expect(other.syncLine).toBeVisible();
  const dialog = other.page.waitForEvent('dialog');
  // A page with an open dialog answers nobody.
  await other.page.evaluate(() => void setTimeout(() => alert('Blocked'), 0));
  const blocking = await dialog;
  await page.bringToFront();
  await relay.start();
  await backOnline(page);
  // This tab sends what the other one has claimed once that has been silent for a while.
  await expect(sheet.getByRole('heading')).toHaveText('Some changes may not be confirmed yet', {
    timeout: 60_000,
  });
  await expect(sheet.getByRole('status')).toContainText('Waiting for the relay');
  await blocking.accept();
  await expect(page.getByText('You are signed out', { exact: true })).toBeVisible();
});

test('a sign-out while sending is paused offers to resume sending, and then continues', async ({
  page,
  devOrigin,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries');
  await app.untilStored();
  await page.evaluate(
    async (path) => {
      const { activeSession } = (await import(path)) as typeof kernel;
      activeSession.current?.sync.pause();
    },
    `/@fs${join(root, 'src/index.ts')}`,
  );
  await app.addItem('Bread');
  await openAccountPage(page);
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('listitem').filter({ hasText: 'Bread' })).toContainText('Groceries');
  await expect(sheet.getByRole('status')).toContainText('Sending is paused');
  await expect(sheet).not.toContainText('automatically');
  await sheet.getByRole('button', { name: 'Resume sending' }).click();
  await expect(sheet.getByRole('heading')).toHaveText('Sign out of this device?');
  await sheet.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByText('You are signed out', { exact: true })).toBeVisible();
});

/** The relay has the list, and stops before an item is added. */
async function beginWithoutRelay(
  page: Page,
  relay: Pick<RelayProcess, 'stop'>,
  origin: string,
): Promise<App> {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origin, 'Groceries');
  await app.untilStored();
  await relay.stop();
  await app.addItem('Bread');
  return app;
}
