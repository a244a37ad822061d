import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { panelIn } from '../../e2e/support/devtools-page.ts';
import { expect, test } from '../../e2e/support/test.ts';
import { fill, openPanel, others } from './filled-demo.ts';

// Pictures of each view of the panel, to check its look by eye.

const folder = process.env['MAIA_LOOK'] ?? '';
test.skip(folder === '', 'MAIA_LOOK names the folder for pictures of each view');

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 800, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
] as const;

async function lookAtViews(page: Page, name: string): Promise<void> {
  const panel = panelIn(page);
  const tabs = panel.getByRole('tablist', { name: 'Views' }).getByRole('tab');
  for (const [index, tab] of (await tabs.all()).entries()) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await tab.click();
    const row = panel.locator('#view [role=row][data-id], #view [role=row][data-number]').first();
    if (await row.isVisible()) await row.click();
    for (const { width, colorScheme } of looks) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(folder, `${name}-${index}-${width}-${colorScheme}.png`) });
    }
  }
}

test('each view, empty and filled', async ({ page, relay, devOrigin }) => {
  const app = await fill(page, devOrigin, [
    { name: 'Groceries', items: ['Bread', 'Coffee'], done: ['Bread'] },
  ]);
  await openPanel(page, 17);
  await lookAtViews(page, 'calm');
  await page.setViewportSize({ width: 1280, height: 1200 });
  for (const { name } of others) await app.makeList(name);
  await app.untilStored();
  await relay.stop();
  await app.addItem('Basil');
  await expect(panelIn(page)).toContainText(/next attempt in \d/, { timeout: 60_000 });
  await lookAtViews(page, 'stuck');
});
