import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { createApp, type App } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { panelIn, rulesOfPages } from './support/devtools-page.ts';
import { fillStorage } from './support/everything/break-device.ts';
import { noisePicture } from './support/noise-picture.ts';
import type { RelayProcess } from './support/relay-process.ts';
import { expect, test } from './support/test.ts';

const porch = { name: 'porch.png', mimeType: 'image/png', buffer: noisePicture(300, 200) };

const looks = [
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
  { width: 1280, height: 800, colorScheme: 'dark' },
] as const;

interface AxeOptions {
  readonly shownAs?: readonly (typeof looks)[number][];
  readonly withoutRules?: readonly string[];
}

/** Fails on anything that axe finds in the page as shown, by default wide and narrow, light and dark. */
async function expectAccessible(
  page: Page,
  what: string,
  { shownAs = looks, withoutRules = [] }: AxeOptions = {},
): Promise<void> {
  for (const { width, height, colorScheme } of shownAs) {
    await page.setViewportSize({ width, height });
    // Colours in transition belong to neither theme.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations, passes } = await new AxeBuilder({ page }).disableRules([...withoutRules]).analyze();
    expect(passes.length).toBeGreaterThan(10);
    const found = violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(
        ({ target, failureSummary }) =>
          `${String(impact)} ${id}: ${JSON.stringify(target)} ${failureSummary}`,
      ),
    );
    expect.soft(found, `${what}, ${width} ${colorScheme}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

test('axe finds nothing wrong with the demo', async ({ page, origins }) => {
  test.slow();
  await addAuthenticator(page);
  const app = createApp(page);
  await app.open(origins[0]);
  await expect(page.getByRole('button', { name: 'Continue with a passkey' })).toBeVisible();
  await expectAccessible(page, 'the gate');
  await page.getByRole('button', { name: 'Use the recovery phrase' }).click();
  await page.getByRole('textbox', { name: 'Your 24 words' }).fill('votte zoo');
  await page.getByRole('button', { name: 'Open my account' }).click();
  await expectAccessible(page, 'the phrase');

  await app.begin(origins[0], 'Groceries', 'Bread', 'Milk');
  await app.tick('Milk');
  await app.putPicture('Bread', porch);
  await expect(app.picture('Bread')).toBeVisible();
  await app.untilStored();
  await expectAccessible(page, 'a list');
  await app.picture('Bread').click();
  await expect(page.getByRole('button', { name: 'Remove picture' })).toBeVisible();
  await expectAccessible(page, 'a picture');
  await page.keyboard.press('Escape');
  await app.putPicture('Bread', { ...porch, name: 'notes.txt', mimeType: 'text/plain' });
  await expect(page.getByText('“notes.txt” is not a picture')).toBeVisible();
  await expectAccessible(page, 'what is no picture');
  await page.getByRole('button', { name: 'Close' }).click();
  await app.syncLine.click();
  await expectAccessible(page, 'the ladder');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: 'Create a link' }).click();
  await expect(page.getByRole('textbox', { name: 'Link' })).toBeVisible();
  await expectAccessible(page, 'sharing');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('link', { name: 'New list' }).click();
  await expectAccessible(page, 'a new list');
  await page.getByRole('link', { name: 'Account and device' }).first().click();
  await expect(page.getByRole('heading', { name: 'Passkeys' })).toBeVisible();
  await expectAccessible(page, 'the account');
  await page.getByRole('button', { name: 'Sign out of this device' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await expectAccessible(page, 'signing out');
});

test('axe finds nothing wrong with the panel, also while saving fails', async ({
  page,
  relay,
  devOrigin,
}) => {
  test.slow();
  const app = await beginAndStop(page, relay, devOrigin);
  await fillStorage(page);
  await app.addItem('Milk');
  await expect(page.getByText('Free some space')).toBeVisible();
  await expectAccessible(page, 'a full device');
  const panel = await openPanel(page);
  await expectViewsAccessible(panel, 'the panel');
});

test('axe finds nothing wrong with the panel in its separate window', async ({ page, relay, devOrigin }) => {
  test.slow();
  const app = await beginAndStop(page, relay, devOrigin);
  await app.addItem('Milk');
  const panel = await openPanel(page);
  const opening = page.waitForEvent('popup');
  await panel.getByRole('button', { name: 'Open in a separate window' }).click();
  // The page has the same styles, and is examined in all looks.
  const options = { shownAs: looks.slice(-1), withoutRules: rulesOfPages };
  await expectViewsAccessible(panelIn(await opening), 'the window', options);
});

/** A list with one item that the relay has, which is stopped then. */
async function beginAndStop(page: Page, relay: RelayProcess, origin: string): Promise<App> {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origin, 'Groceries', 'Bread');
  await app.untilStored();
  await relay.stop();
  return app;
}

async function openPanel(page: Page): Promise<Locator> {
  await page.getByRole('heading', { name: 'Groceries' }).click(); // A focused text field would block the hotkey.
  await page.keyboard.press('Alt+Shift+KeyM');
  const panel = panelIn(page);
  await expect(panel).toBeVisible();
  return panel;
}

async function expectViewsAccessible(panel: Locator, what: string, options: AxeOptions = {}): Promise<void> {
  await panel.locator('[data-id]').first().click();
  /** Opens further parts of a view. */
  const openMore: Readonly<Record<string, () => Promise<void>>> = {
    Messages: async () => {
      await panel.getByRole('grid', { name: 'Messages' }).locator('[data-number]').first().click();
      await panel.getByRole('button', { name: 'Export HAR or NDJSON' }).click();
    },
    // The CoValue selected in Unsynced.
    CoValue: () => expect(panel.getByRole('tree', { name: 'Value' })).toBeVisible(),
    Storage: async () => {
      await panel.getByRole('button', { name: 'Count by type' }).click();
      await expect(panel.getByRole('button', { name: 'Count again' })).toBeVisible();
    },
  };
  const views = await panel.getByRole('tablist', { name: 'Views' }).getByRole('tab').all();
  expect(views).toHaveLength(9);
  for (const view of views) {
    await view.click();
    const [name = ''] = (await view.innerText()).split('\n');
    await openMore[name]?.();
    await expectAccessible(panel.page(), `${what}, ${name}`, options);
  }
}
