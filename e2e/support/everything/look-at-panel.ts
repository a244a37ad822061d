import { expect, type Page } from '@playwright/test';
import { readInspector } from './read-inspector.ts';
import type { Everything } from './record-everything.ts';

export async function openPanel(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().click(); // A focused text field would block the hotkey.
  await page.keyboard.press('Alt+Shift+KeyM');
  await expect(page.getByRole('tablist', { name: 'Views' })).toBeVisible();
}

/** Adds all views of the panel, with details of the first entry in each, and the data behind them. */
export async function lookAtPanel(everything: Everything, page: Page): Promise<void> {
  for (const view of await page.getByRole('tablist', { name: 'Views' }).getByRole('tab').all()) {
    await view.click();
    const row = page.locator('[role=tabpanel] [role=row]:not([aria-rowindex="1"])').first();
    // A row that is confirmed meanwhile disappears before it is clicked.
    await expect(async () => {
      if (await row.isVisible()) await row.click({ timeout: 1_000 });
    }).toPass();
    await everything.look(page);
    const search = page.getByRole('combobox', { name: 'Go to an ID or a name' });
    if (await search.isHidden()) continue;
    // CoValues that hold keys, and one of the app's own.
    for (const kind of ['Account', 'Group', 'CoMap']) {
      await search.fill(kind);
      await search.press('Enter');
      await expect(page.getByRole('region', { name: 'Transactions' })).toBeVisible();
      await everything.look(page);
    }
  }
  everything.add('inspector', [{ path: '', text: await readInspector(page) }]);
}
