import type { Locator, Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn, relayURL, signUpThere } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

async function openPage(page: Page, origin: string, relayPort: number): Promise<void> {
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true });
  await signUpThere(page, relayPort);
}

async function detach(page: Page): Promise<Page> {
  const popup = page.waitForEvent('popup');
  await panelIn(page).getByRole('button', { name: 'Open in a separate window' }).click();
  return popup;
}

test('the panel moves into its own window, works there, and survives reloads of the page', async ({
  page,
  app,
  relay,
}) => {
  await openPage(page, app.origin, relay.port);
  const popup = await detach(page);
  const panel = panelIn(popup);
  await expect(panel.getByRole('heading', { level: 2 }).first()).toContainText('Everything is confirmed');
  await expect(panelIn(page)).toHaveCount(0);

  // Clicks, keys and typed text reach the window, its styles apply, and it follows the page.
  await panel.getByRole('tab', { name: /Peers/ }).click();
  await expect(panel.getByRole('article')).toContainText(/connected/i);
  await popup.keyboard.press('ArrowUp');
  await expect(panel.getByRole('tab', { name: /Queues/ })).toBeFocused();
  await expect(panel).toHaveCSS('position', 'fixed');
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await relay.stop();
  await page.evaluate(() => bareApp.set('n', 1));
  const rows = panel.getByRole('grid', { name: 'Unsynced CoValues' }).locator('[data-id]');
  await expect(rows).toHaveCount(1);
  await relay.start();

  for (let round = 0; round < 2; round++) {
    await page.reload();
    await expect(panel).toContainText('Not signed in');
    await expect(panelIn(page)).toHaveCount(0);
    expect(page.context().pages()).toHaveLength(2);
  }
  await expect
    .poll(() => page.evaluate(() => 'devtools' in globalThis && 'bareApp' in globalThis))
    .toBe(true);
  await page.evaluate(async (url) => bareApp.resume([url]), relayURL(relay.port));
  await expect(panel.getByRole('heading', { level: 2 }).first()).toContainText(/confirmed/);

  // Back into the page, at its right edge.
  const dock = panel.getByRole('button', { name: 'Dock at the right' });
  // Playwright's own click can fail, because this one closes the window in which it is made.
  await dock.evaluate((button: HTMLElement) => setTimeout(() => button.click()));
  await expect(panelIn(page)).toHaveCSS('width', '480px');
  await expect.poll(() => popup.isClosed()).toBe(true);
});

/** What quirks mode changes: tables then inherit neither colours nor fonts. */
const inheritedByTables = (panel: Locator) =>
  panel
    .locator('table')
    .first()
    .evaluate((table) => {
      const { color, fontSize, lineHeight } = getComputedStyle(table);
      const { color: expected } = getComputedStyle(table.parentElement ?? table);
      return { mode: table.ownerDocument.compatMode, inherits: color === expected, fontSize, lineHeight };
    });

test('the window shows tables as the page does, even after the user reloads it', async ({
  page,
  app,
  relay,
}) => {
  await openPage(page, app.origin, relay.port);
  await page.emulateMedia({ colorScheme: 'dark' });
  await panelIn(page)
    .getByRole('tab', { name: /Queues/ })
    .click();
  const expected = await inheritedByTables(panelIn(page));
  expect(expected).toEqual({ mode: 'CSS1Compat', inherits: true, fontSize: '12px', lineHeight: '16px' });
  const popup = await detach(page);
  await popup.emulateMedia({ colorScheme: 'dark' });
  expect(await inheritedByTables(panelIn(popup))).toEqual(expected);
  await popup.reload();
  expect(await inheritedByTables(panelIn(popup))).toEqual(expected);
  await panelIn(popup).getByRole('tab', { name: /Peers/ }).click();
  await expect(panelIn(popup).getByRole('article')).toContainText(/connected/i);
});

test('while the page is away, the window reports that, and a window that the user closes stays closed', async ({
  page,
  app,
  relay,
}) => {
  await openPage(page, app.origin, relay.port);
  const popup = await detach(page);
  await expect(panelIn(popup)).toBeVisible();
  await page.goto('about:blank');
  await expect(popup.getByText('The page is reloading')).toBeVisible();
  await openDevtoolsPage(page, app.origin, { open: true });
  await expect(panelIn(popup).getByRole('tab', { name: /Unsynced/ })).toBeVisible();

  await popup.close();
  const opened: Page[] = [];
  page.context().on('page', (other) => opened.push(other));
  await page.reload();
  // In the page, as its address asks.
  await expect(panelIn(page)).toBeVisible();
  expect(opened).toEqual([]);
});

test('the hotkey works in the window, and unmounting closes it', async ({ page, app, relay }) => {
  await openPage(page, app.origin, relay.port);
  const first = await detach(page);
  await expect(panelIn(first)).toBeVisible();
  // The window closes before the key is released.
  await Promise.allSettled([first.keyboard.press('Alt+Shift+KeyM')]);
  await expect.poll(() => first.isClosed()).toBe(true);
  await page.getByRole('button', { name: /^maia devtools/ }).click();
  const second = await detach(page);
  await expect(panelIn(second)).toBeVisible();
  await page.evaluate(() => devtools.unmount());
  await expect.poll(() => second.isClosed()).toBe(true);
});

test('a blocked window is reported, and the panel stays where it is', async ({ page, app, relay }) => {
  await page.addInitScript(() => {
    window.open = () => null;
  });
  await openPage(page, app.origin, relay.port);
  await panelIn(page).getByRole('button', { name: 'Open in a separate window' }).click();
  await expect(panelIn(page).getByRole('alert')).toContainText('Allow pop-ups for this page');
  await panelIn(page).getByRole('button', { name: 'Got it' }).click();
  await expect(panelIn(page).getByRole('alert')).toHaveCount(0);
});

test('the element mounts the panel while it is in the page, and only once', async ({ page, app }) => {
  await openDevtoolsPage(page, app.origin);
  await page.evaluate(() => {
    const element = document.createElement('maia-devtools');
    element.setAttribute('open', '');
    element.setAttribute('hotkey', 'Ctrl+Alt+K');
    document.body.append(element);
  });
  await expect(panelIn(page)).toContainText('Not signed in');
  await page.keyboard.press('Control+Alt+KeyK');
  await expect(panelIn(page)).toHaveCount(0);
  await page.keyboard.press('Control+Alt+KeyK');
  await expect(panelIn(page)).toBeVisible();
  await expect(page.evaluate(() => devtools.mount())).rejects.toThrow(/already mounted in this page/);

  const uncaught = page.waitForEvent('pageerror');
  await page.evaluate(() => void document.body.append(document.createElement('maia-devtools')));
  expect((await uncaught).message).toContain('Remove one of the <maia-devtools> elements');
  await expect(panelIn(page)).toHaveCount(1);

  await page.evaluate(() => {
    for (const element of document.querySelectorAll('maia-devtools')) element.remove();
  });
  await expect(panelIn(page)).toHaveCount(0);
  await page.evaluate(() => devtools.mount({ open: true }));
  await expect(panelIn(page)).toHaveCount(1);
});
