import { expect, type Page } from '@playwright/test';
import type { Secret } from '../../../test/secrets/find-secrets.ts';
import type { App } from '../app.ts';

/** The ID of the list that the page shows. */
export function idOfOpenList(page: Page): string {
  return new URL(page.url()).hash.slice('#list/'.length);
}

export async function renameList(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'More options for this list' }).click();
  await page.getByRole('button', { name: 'Rename list' }).click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'List name' }).fill(title);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: title })).toBeVisible();
}

export async function deleteItem(page: Page, text: string): Promise<void> {
  await page.getByRole('checkbox', { name: text, exact: true }).focus();
  await page.keyboard.press('Delete');
  await expect(page.getByRole('checkbox', { name: text, exact: true })).toHaveCount(0);
}

/** Adds an item on one device, and waits until another shows it. */
export async function addAndSee(from: App, to: App, text: string): Promise<void> {
  await from.addItem(text);
  await expect(to.item(text)).toBeVisible();
}

/** Sets the name that the other members see. */
export async function nameYourself(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('textbox', { name: /^Your name/ }).fill(name);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: `${name} (you)` })).toBeVisible();
  await page.getByRole('button', { name: 'Close' }).click();
}

export async function removeMember(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: `Remove ${name}` }).click();
  await page.getByRole('button', { name: 'Remove from the list' }).click();
  await expect(page.getByRole('list', { name: 'Members' }).getByRole('listitem')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

export async function deleteList(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'More options for this list' }).click();
  await page.getByRole('button', { name: 'Delete list' }).click();
  await expect(
    page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: title }),
  ).toHaveCount(0);
}

export async function signOut(page: Page, keepsData: boolean): Promise<void> {
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  if (keepsData) await page.getByRole('checkbox', { name: 'Keep the encrypted lists' }).check();
  await page
    .getByRole('button', { name: keepsData ? 'Sign out and keep encrypted data' : 'Sign out', exact: true })
    .click();
  await expect(page.getByRole('button', { name: /passkey|account/ }).first()).toBeVisible();
}

/** Some pieces of the picture as the app stored it, to search for. */
export async function piecesOfPicture(app: App, item: string): Promise<readonly Secret[]> {
  const image = app.picture(item).locator('img');
  await expect(image).toBeVisible();
  const stored = await image.evaluate(async (element) => {
    const response = await fetch((element as HTMLImageElement).src);
    return [...new Uint8Array(await response.arrayBuffer())];
  });
  const middle = Math.floor(stored.length / 2);
  return [
    { name: 'list: middle of the picture', bytes: Uint8Array.from(stored.slice(middle, middle + 32)) },
    { name: 'list: end of the picture', bytes: Uint8Array.from(stored.slice(-40, -8)) },
  ];
}
