import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createApp, type App } from '../../e2e/support/app.ts';
import { addAuthenticator } from '../../e2e/support/authenticator.ts';
import { root } from '../../e2e/support/servers.ts';
import { expect, test } from '../../e2e/support/test.ts';

interface List {
  readonly name: string;
  readonly items: readonly string[];
  readonly done?: readonly string[];
}

const others: readonly List[] = [
  { name: 'Books to read', items: ['The Left Hand of Darkness', 'Piranesi'] },
  { name: 'Cabin weekend', items: ['Firewood', 'Lamp oil', 'Playing cards'], done: ['Lamp oil'] },
];

/** An account with these lists, the last one open and its done items shown, and everything stored by the relay. */
async function fill(page: Page, origin: string, lists: readonly List[]): Promise<App> {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origin);
  await app.signUp();
  for (const { name, items, done = [] } of lists) {
    await app.makeList(name);
    for (const item of items) await app.addItem(item);
    for (const item of done) await app.tick(item);
  }
  await page.getByRole('button', { name: /^\d+ done$/ }).click();
  await page.getByRole('heading', { level: 1 }).click(); // A field that is typed in keeps its focus ring, and the panel's keys.
  await app.untilStored();
  return app;
}

/** Each arrow key is 16 px above the least height. */
async function openPanel(page: Page, arrowKeys: number): Promise<void> {
  await page.keyboard.press('Alt+Shift+KeyM');
  const grip = page.getByRole('separator', { name: 'Height of the devtools' });
  await grip.press('End');
  for (let key = 0; key < arrowKeys; key++) await grip.press('ArrowUp');
}

function picture(name: string): string {
  return join(root, 'docs/images', name);
}

test.describe('demo.png', () => {
  test.use({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });

  test('the demo and its panel, with an edit that the relay does not have', async ({
    page,
    relay,
    devOrigin,
  }) => {
    const groceries = {
      name: 'Groceries',
      items: ['Bread', 'Coffee', 'Oranges', 'Olive oil'],
      done: ['Coffee', 'Oranges'],
    };
    const app = await fill(page, devOrigin, [...others, groceries]);
    await openPanel(page, 6);
    await relay.stop();
    await app.addItem('Basil');
    await page.getByRole('heading', { level: 1 }).click();

    const unsynced = page.getByRole('grid', { name: 'Unsynced CoValues' });
    await expect(unsynced.locator('[data-id]')).toHaveCount(2); // The item, and the list that names it.
    await expect(app.syncLine).toContainText('waiting for the relay since', { timeout: 60_000 });
    await expect(unsynced).toContainText(/next attempt in \d/);
    await page.screenshot({ path: picture('demo.png') });
  });
});

test.describe('phone.png', () => {
  test.use({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2, colorScheme: 'dark' });

  test('the demo on a narrow screen', async ({ page, origins }) => {
    const items = ['Bread', 'Coffee', 'Oranges', 'Rice', 'Olive oil', 'Basil', 'Tomatoes'];
    await fill(page, origins[0], [...others, { name: 'Groceries', items, done: ['Coffee', 'Oranges'] }]);
    await page.setViewportSize({ width: 390, height: 760 });
    await page.screenshot({ path: picture('phone.png') });
  });
});
