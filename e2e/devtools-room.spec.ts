import type { Locator, Page } from '@playwright/test';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

// How much of the app the panel and its button leave usable.

async function boxOf(locator: Locator) {
  const box = await locator.boundingBox();
  if (!box) throw new Error('It is not shown.');
  return box;
}

async function overlap(one: Locator, other: Locator): Promise<boolean> {
  const [a, b] = [await boxOf(one), await boxOf(other)];
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Makes the page longer than the window, and gives it a dialog. */
async function addContent(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (let n = 1; n <= 60; n++) {
      const line = document.createElement('p');
      line.textContent = `Line ${n}`;
      document.body.append(line);
    }
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-label', 'Shift');
    const button = document.createElement('button');
    button.textContent = 'Save the shift';
    dialog.append(button);
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
  });
}

test('the docked panel pads the page, so that its end can be scrolled into view', async ({ page, app }) => {
  await openDevtoolsPage(page, app.origin, { open: true });
  await addContent(page);
  const panel = panelIn(page);
  const last = page.getByText('Line 60', { exact: true });
  const scrollToEnd = () => page.evaluate(() => window.scrollTo(0, document.body.scrollHeight * 2));
  await scrollToEnd();
  await expect
    .poll(async () => (await boxOf(last)).y + (await boxOf(last)).height)
    .toBeLessThanOrEqual((await boxOf(panel)).y);

  await panel.getByRole('button', { name: 'Dock at the right' }).click();
  await expect
    .poll(async () => (await boxOf(last)).x + (await boxOf(last)).width)
    .toBeLessThanOrEqual((await boxOf(panel)).x);

  await panel.getByRole('button', { name: /^Close/ }).click();
  await expect
    .poll(() => page.evaluate(() => getComputedStyle(document.documentElement).padding))
    .toBe('0px');
  expect(await page.evaluate(() => document.adoptedStyleSheets.length)).toBe(0);
});

test('the closed panel’s button covers no button of the app on a phone', async ({ page, devOrigin }) => {
  test.slow(); // The dev server has to serve a few hundred modules.
  await page.setViewportSize({ width: 390, height: 844 });
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  const button = page.getByRole('button', { name: /^maia devtools/ });
  const picture = page.getByRole('button', { name: 'Add an item with a picture' });
  await expect.poll(() => overlap(button, picture)).toBe(false);
  // A real click reaches the app's button.
  const chooser = page.waitForEvent('filechooser');
  await picture.click();
  await chooser;
});

test('the closed panel’s button covers neither text nor the page’s end on a phone', async ({ page, app }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openDevtoolsPage(page, app.origin, {});
  const button = page.getByRole('button', { name: /^maia devtools/ });
  await page.evaluate(() => {
    document.body.insertAdjacentHTML(
      'beforeend',
      `<p style="position: absolute; top: 800px; right: 12px">Neither this device nor a phone has it.</p>
       <a href="#imprint" style="position: absolute; top: 1800px; right: 12px; height: 40px">Imprint</a>`,
    );
  });
  await expect.poll(() => overlap(button, page.getByText(/^Neither/))).toBe(false);
  const imprint = page.getByRole('link', { name: 'Imprint' });
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await expect.poll(() => overlap(button, imprint)).toBe(false);
  await imprint.click();
  await expect(page).toHaveURL(/#imprint$/);
});

test('the panel can be used while a modal dialog of the app is open', async ({ page, app }) => {
  await openDevtoolsPage(page, app.origin, { open: true });
  await addContent(page);
  const panel = panelIn(page);
  const dialog = page.getByRole('dialog', { name: 'Shift' });
  await page.evaluate(() => document.querySelector('dialog')?.showModal());
  await expect(dialog.getByRole('button', { name: 'Save the shift' })).toBeFocused();

  // Real clicks and keys reach the panel, and the dialog stays open.
  await panel.getByRole('tab', { name: /Peers/ }).click();
  await expect(panel.getByRole('tab', { name: /Peers/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  await expect(panel.getByRole('tab', { name: /Messages/ })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(panel).toBeVisible();
  await expect(dialog).toBeVisible();

  // However the dialog closes, the panel returns to the page and leaves nothing in the dialog.
  await dialog.getByRole('button', { name: 'Save the shift' }).focus();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.locator('maia-devtools').getByRole('tab', { name: /Messages/ })).toBeVisible();
  expect(await page.evaluate(() => document.querySelector('dialog')?.childElementCount)).toBe(1);
  await page.evaluate(() => document.querySelector('dialog')?.showModal());
  await expect(dialog.getByRole('tab', { name: /Messages/ })).toBeVisible();
  await page.evaluate(() => document.querySelector('dialog')?.remove());
  await expect(page.locator('maia-devtools').getByRole('tab', { name: /Messages/ })).toBeVisible();
  await page.evaluate(() => devtools.unmount());
  await expect(panel).toHaveCount(0);
});
