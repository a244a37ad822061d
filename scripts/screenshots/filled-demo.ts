import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createApp, type App } from '../../e2e/support/app.ts';
import { addAuthenticator } from '../../e2e/support/authenticator.ts';
import { root } from '../../e2e/support/servers.ts';

export interface List {
  readonly name: string;
  readonly items: readonly string[];
  readonly done?: readonly string[];
}

export const others: readonly List[] = [
  { name: 'Books to read', items: ['The Left Hand of Darkness', 'Piranesi'] },
  { name: 'Cabin weekend', items: ['Firewood', 'Lamp oil', 'Playing cards'], done: ['Lamp oil'] },
];

/** An account with these lists, confirmed by the relay; the last list is open and shows its done items. */
export async function fill(page: Page, origin: string, lists: readonly List[]): Promise<App> {
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
  await page.getByRole('heading', { level: 1 }).click(); // A focused field has a focus ring and blocks the hotkey.
  await app.untilStored();
  return app;
}

/** Each press of an arrow key adds 16 px. */
export async function openPanel(page: Page, arrowKeys: number): Promise<void> {
  await page.keyboard.press('Alt+Shift+KeyM');
  const grip = page.getByRole('separator', { name: 'Height of the devtools' });
  await grip.press('End');
  for (let key = 0; key < arrowKeys; key++) await grip.press('ArrowUp');
}

export function picture(name: string): string {
  return join(root, 'docs/images', name);
}
