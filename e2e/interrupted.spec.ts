import type { Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

// A tab that ends during a sign-up. A reload ends the document, but the page keeps its authenticator.

/**
 * The number of records in a store of this device's database; undefined before it exists. Leaves out the probe with an
 * empty ID that the kernel writes and deletes before a passkey is created.
 */
const countOf = (page: Page, store: string) =>
  page.evaluate(
    (name) =>
      new Promise<number | undefined>((resolve) => {
        const request = indexedDB.open('maia-device');
        request.onupgradeneeded = () => request.transaction?.abort();
        request.onerror = () => resolve(undefined);
        request.onsuccess = () => {
          const counting = request.result
            .transaction(name)
            .objectStore(name)
            .count(IDBKeyRange.lowerBound('', true));
          counting.onsuccess = () => {
            request.result.close();
            resolve(counting.result);
          };
        };
      }),
    store,
  );

test('between passkey and vault: the next sign-up continues with the same passkey', async ({
  page,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await page.evaluate(() => {
    SubtleCrypto.prototype.importKey = () => new Promise(() => {});
  });
  await page.getByRole('button', { name: 'Continue with a passkey' }).click();
  await expect.poll(() => countOf(page, 'credentials')).toBe(1);
  expect(await countOf(page, 'vaults')).toBe(0);

  await page.reload();
  await page.evaluate(() => {
    navigator.credentials.create = () => Promise.reject(new Error('a second passkey is made'));
  });
  await app.signUp();
  await app.makeList('Groceries');
  expect([await countOf(page, 'credentials'), await countOf(page, 'vaults')]).toEqual([1, 1]);
  await app.untilStored();

  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Groceries');
});

test('between account and first upload: the next start uploads it', async ({ page, relay, origins }) => {
  await relay.stop();
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await expect.poll(() => app.rung('Saved on this device')).toContain('all');
  await page.goto('about:blank');
  await relay.start();
  await app.open(origins[0]);
  await app.untilStored();

  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
});
