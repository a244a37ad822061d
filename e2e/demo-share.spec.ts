import type { Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { expect, test } from './support/test.ts';

async function visit(page: Page, link: string): Promise<void> {
  await addAuthenticator(page);
  await page.goto(link);
  await page.getByRole('button', { name: 'Join with a passkey' }).click();
}

test('a revoked link admits no one, and a removed member no longer sees the list', async ({
  page,
  browser,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  const link = await app.beginShared(origins[0], 'Cabin weekend', 'Firewood');

  const guestContext = await browser.newContext();
  const guest = createApp(await guestContext.newPage());
  await visit(guest.page, link);
  await expect(guest.item('Firewood')).toBeVisible({ timeout: 30_000 });

  await expect(page.getByRole('list', { name: 'Here now' })).toHaveText(/Account …\w{6}/);
  await guest.item('Firewood').focus();
  await guest.page.keyboard.press('F2');
  const row = page.getByRole('listitem').filter({ has: app.item('Firewood') });
  await expect(row).toContainText('is editing');
  await guest.page.keyboard.press('Escape');
  await expect(row).not.toContainText('is editing');

  await page.getByRole('button', { name: 'Share' }).click();
  const sheet = page.getByRole('dialog', { name: 'Share “Cabin weekend”' });
  const members = sheet.getByRole('list', { name: 'Members' }).getByRole('listitem');
  await expect(members).toContainText([/You\s*Can manage/, /Account …\w{6}/]);
  await guest.page.getByRole('button', { name: 'Share' }).click();
  const guestSheet = guest.page.getByRole('dialog', { name: 'Share “Cabin weekend”' });
  await guestSheet.getByRole('textbox', { name: /^Your name/ }).fill('Mara');
  await guestSheet.getByRole('button', { name: 'Save' }).click();
  await expect(guestSheet.getByRole('listitem').filter({ hasText: 'Mara (you)' })).toBeVisible();
  await expect(members).toContainText([/You/, /Mara\s*…\w{6}/]);
  await guest.page.getByRole('button', { name: 'Close' }).click();
  const right = sheet.getByRole('combobox', { name: 'What Mara may do' });
  await expect(right).toHaveValue('writer');

  const revoke = sheet.getByRole('button', { name: 'Revoke link' });
  await revoke.click();
  const asked = page.getByRole('dialog', { name: 'Revoke the link?' });
  await expect(asked.getByRole('button', { name: 'Keep the link' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(asked).toBeHidden();
  await expect(sheet).toBeVisible();
  await expect(revoke).toBeFocused();
  await revoke.click();
  await asked.getByRole('button', { name: 'Revoke the link' }).click();
  await expect(asked).toBeHidden();
  await expect(sheet.getByRole('button', { name: 'Create a link' })).toBeVisible();
  await expect(sheet.getByRole('heading', { name: 'Members' })).toBeFocused();
  await app.untilStored();

  await right.selectOption('reader');
  await expect(guest.page.getByText('read-only')).toBeVisible();
  await expect(guest.page.getByRole('textbox', { name: 'New item' })).toHaveCount(0);
  await right.selectOption('writer');
  await expect(guest.page.getByText('read-only')).toHaveCount(0);

  const strangerContext = await browser.newContext();
  const stranger = await strangerContext.newPage();
  await visit(stranger, link);
  await expect(stranger.getByText('This link does not let you in')).toBeVisible({ timeout: 30_000 });
  await expect(stranger.getByText('Firewood')).toHaveCount(0);

  await guest.addItem('Matches');
  await expect(app.item('Matches')).toBeVisible();
  await sheet.getByRole('button', { name: 'Remove Mara' }).click();
  const removing = page.getByRole('dialog', { name: 'Remove Mara?' });
  await removing.getByRole('button', { name: 'Remove from the list' }).click();
  await expect(members).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await expect(page.getByRole('button', { name: 'Share' })).toBeFocused();
  await expect(guest.page.getByText('You cannot open this list')).toBeVisible({ timeout: 30_000 });
  await expect(guest.page.getByText('Firewood')).toHaveCount(0);
  await guestContext.close();
  await strangerContext.close();
});

test('a link that is opened before its list is uploaded opens it once it is', async ({
  page,
  browser,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await app.signUp();
  await app.makeList('Groceries');
  // The kernel has fetched what shows the members, so it shares offline, too.
  await expect(page.getByText('only you')).toBeVisible();
  await page.context().setOffline(true);
  await app.makeList('Cabin weekend');
  await app.addItem('Firewood');
  const link = await app.share();

  const guestContext = await browser.newContext();
  const guest = createApp(await guestContext.newPage());
  await visit(guest.page, link);
  await expect(guest.page.getByText('The list is not available yet')).toBeVisible({ timeout: 30_000 });
  await page.context().setOffline(false);
  await backOnline(page);
  await expect(guest.item('Firewood')).toBeVisible({ timeout: 30_000 });
  await guestContext.close();
});
