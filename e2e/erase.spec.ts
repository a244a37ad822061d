import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

test('an account is erased from the account page, after its consequences were shown', async ({
  page,
  devOrigin,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(devOrigin);
  await app.signUp();
  await app.makeList('Groceries');
  await app.addItem('Bread');
  await page.goto(`${page.url().replace(/#.*$/, '')}#account`);
  await page.getByRole('button', { name: 'Erase account…' }).click();
  const sheet = page.getByRole('dialog', { name: 'Erase your account?' });
  await expect(sheet).toContainText('erased from the relay for good');
  await expect(sheet).toContainText('backups');
  await page.screenshot({ path: test.info().outputPath('erase-sheet.png') });
  const saved = page.waitForEvent('download');
  await sheet.getByRole('button', { name: 'Erase my account for good' }).click();
  expect((await saved).suggestedFilename()).toBe('erased-account.json');
  await expect(page.getByText('Your account is erased')).toBeVisible();
  await page.screenshot({ path: test.info().outputPath('erased.png') });
});
