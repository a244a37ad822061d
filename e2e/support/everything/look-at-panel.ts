import { expect, type Page } from '@playwright/test';
import { readInspector } from './read-inspector.ts';
import type { Everything } from './record-everything.ts';

export async function openPanel(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().click(); // A field keeps its keys to itself.
  await page.keyboard.press('Alt+Shift+KeyM');
  await expect(page.getByRole('tablist', { name: 'Views' })).toBeVisible();
}

/** All its views, and what they are made from. */
export async function lookAtPanel(everything: Everything, page: Page): Promise<void> {
  for (const view of await page.getByRole('tablist', { name: 'Views' }).getByRole('tab').all()) {
    await view.click();
    await everything.look(page);
  }
  everything.add('inspector', [{ path: '', text: await readInspector(page) }]);
}
