import { expect, test } from '../../e2e/support/test.ts';
import { fill, openPanel, others, picture } from './filled-demo.ts';

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
    await expect(app.syncLine).toContainText('waiting for the relay for', { timeout: 60_000 });
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
