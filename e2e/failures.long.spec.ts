import type { Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

const databases = (page: Page) =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? '').sort());

test('a passkey without PRF creates no account, and is named', async ({ page, origins }) => {
  await addAuthenticator(page, { prf: 'none' });
  await page.goto(origins[0]);
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  await expect(page.getByRole('alert')).toContainText('cannot provide an encryption key');
  await expect(page.getByRole('alert')).toContainText('Lists');
  expect((await databases(page)).filter((name) => name.startsWith('maia-co_'))).toEqual([]);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Continue with a passkey' })).toBeVisible();
});

test('a refused prompt changes nothing, and is not reported as cancelled', async ({ page, origins }) => {
  await addAuthenticator(page, { isUserVerified: false });
  await page.goto(origins[0]);
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  await expect(page.getByRole('alert')).toContainText('closed without a result', { timeout: 30_000 });
  await expect(page.getByRole('alert')).not.toContainText('cancel');
  expect((await databases(page)).filter((name) => name.startsWith('maia-co_'))).toEqual([]);
});

test('a browser without passkeys offers words, and explains why', async ({ page, origins }) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'PublicKeyCredential'));
  await page.goto(origins[0]);
  await expect(page.getByRole('button', { name: 'Show me my 24 words' })).toBeVisible();
  await expect(page.getByText('This browser does not support passkeys')).toBeVisible();
  await expect(page.getByRole('button', { name: /passkey/ })).toHaveCount(0);
});

test('a second sign-up on the device offers to sign in', async ({ page, context, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open('maia-device');
        request.onsuccess = () => {
          // The state after signing out: only the passkeys' IDs.
          const transaction = request.result.transaction(['vaults', 'keyrings'], 'readwrite');
          for (const name of ['vaults', 'keyrings']) transaction.objectStore(name).clear();
          transaction.oncomplete = resolve;
          transaction.onerror = reject;
        };
      }),
  );
  await page.reload();
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  await expect(page.getByRole('alert')).toContainText('already has an account');
  await page.getByRole('alert').getByRole('button', { name: 'Sign in' }).click();
  await app.openList('Groceries');
  expect(context.pages()).toHaveLength(1);
});

test('signing in without a relay reports that it cannot be reached', async ({ page, relay, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries');
  await app.untilStored();
  await relay.stop();
  await app.open(origins[1]);
  await page.getByRole('button', { name: 'I already have an account' }).click();
  await expect(page.getByRole('alert')).toContainText('The relay cannot be reached', { timeout: 30_000 });
  await relay.start();
  await page.getByRole('button', { name: 'Try now' }).click();
  await app.openList('Groceries');
});

test('a passkey whose account the relay does not have creates none', async ({ page, relay, origins }) => {
  await relay.stop();
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Never uploaded');
  await page.goto('about:blank');
  await relay.start();
  await app.open(origins[1]);
  await page.getByRole('button', { name: 'I already have an account' }).click();
  await expect(page.getByRole('alert')).toContainText('no account for this passkey', { timeout: 30_000 });
  expect((await databases(page)).filter((name) => name.startsWith('maia-co_'))).toEqual([]);
});
