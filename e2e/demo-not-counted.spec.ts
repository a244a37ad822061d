import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { expect, test } from './support/test.ts';

test('what a removed member changed offline is shown with its words, also after a reload, until they are elsewhere', async ({
  page,
  browser,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  const link = await app.beginShared(origins[0], 'Cabin weekend', 'Firewood', 'Soap');

  const guestContext = await browser.newContext();
  const guestPage = await guestContext.newPage();
  await addAuthenticator(guestPage);
  await guestPage.goto(link);
  await guestPage.getByRole('button', { name: 'Join with a passkey' }).click();
  const guest = createApp(guestPage);
  await expect(guest.item('Soap')).toBeVisible();
  await guest.untilStored();

  await guestContext.setOffline(true);
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: /^Remove Account/ }).click();
  await page.getByRole('button', { name: 'Remove from the list' }).click();
  await expect(page.getByRole('list', { name: 'Members' }).getByRole('listitem')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await app.untilStored();

  await guest.addItem('Matches');
  await guest.renameItem('Firewood', 'Dry firewood');
  await guest.tick('Soap');
  await guestPage.getByRole('textbox', { name: 'New item' }).fill('Lamp oil');
  await guestContext.setOffline(false);
  await backOnline(guestPage);

  const notice = guestPage.getByRole('region', { name: '3 changes do not count' });
  await expect(notice).toContainText('after you were removed from this list');
  await expect(notice.getByRole('listitem')).toHaveText([
    /Matches\s*added/,
    /Dry firewood\s*renamed from “Firewood”/,
    /Soap\s*checked off/,
    /Lamp oil\s*typed, but not added/,
  ]);
  await expect(guestPage.getByRole('status').filter({ hasText: '3 changes do not count' })).toHaveCount(1);
  await expect(guest.syncLine).toContainText('3 changes do not count');
  await expect(app.item('Matches')).toHaveCount(0);
  // The session starts anew, so the kernel reports them no more.
  await guestPage.reload();
  await expect(notice.getByRole('listitem')).toHaveText([/^Matches/, /^Dry firewood/, /^Soap/]);

  await notice.getByRole('button', { name: 'Put into another list' }).click();
  await guestPage.getByRole('button', { name: 'A new list' }).click();
  await expect(guest.item('Dry firewood')).toBeVisible();
  await expect(guest.item('Matches')).toBeVisible();
  await guest.untilStored();
  await expect(guest.syncLine).not.toContainText('count');
  await guestPage.reload();
  await guest.untilStored();
  await expect(guest.syncLine).not.toContainText('count');
  await guestContext.close();
});
