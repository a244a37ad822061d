import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { beginWithPanel, panelIn } from './support/devtools-page.ts';
import { findUnreadable } from './support/measure-panel.ts';
import { expect, test } from './support/test.ts';

interface Look {
  readonly width: number;
  readonly colorScheme: 'light' | 'dark';
}
/**
 * Widths and heights are the same in both themes, and a theme's colours at all widths, so the themes take turns:
 * `accessibility.long.spec.ts` has both at one width. 378 px is a phone’s width less a classic scrollbar.
 */
const looks: readonly [Look, ...Look[]] = [
  { width: 1360, colorScheme: 'light' },
  { width: 1000, colorScheme: 'dark' },
  { width: 821, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
  { width: 378, colorScheme: 'light' },
];
const height = 800;

/** A folder for pictures of each look, to check them by eye. */
const folder = process.env['MAIA_LOOK'];

/** Rules about pages of content, which the separate window is not. */
const rulesOfPages = ['landmark-one-main', 'page-has-heading-one'];

async function look(page: Page, what: string): Promise<void> {
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${what.replaceAll(/\W+/g, '-')}.png` });
  expect.soft(await findUnreadable(panelIn(page)), what).toEqual({ cut: [], overlapping: [] });
  const { violations, passes } = await new AxeBuilder({ page }).disableRules(rulesOfPages).analyze();
  expect(passes.length).toBeGreaterThan(10);
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${String(target)}`));
  expect.soft(found, what).toEqual([]);
}

/** Shows each view, with a row chosen where there are rows. The first look has to show the tabs of the views. */
async function lookAtViews(
  page: Page,
  name: string,
  [wide, ...others]: readonly [Look, ...Look[]],
): Promise<void> {
  const panel = panelIn(page);
  await page.setViewportSize({ width: wide.width, height });
  const views = panel.getByRole('tablist', { name: 'Views' }).getByRole('tab');
  await expect(views).toHaveCount(9);
  for (const view of await views.all()) {
    await page.setViewportSize({ width: wide.width, height });
    await view.click();
    const [title = ''] = (await view.innerText()).split('\n');
    await chooseRow(panel);
    for (const { width, colorScheme } of [wide, ...others]) {
      await page.setViewportSize({ width, height });
      // Colours in transition between themes belong to neither.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await look(page, `${name}, ${title}, ${width}, ${colorScheme}`);
    }
  }
}

async function chooseRow(panel: Locator): Promise<void> {
  const row = panel.locator('#view [role=row]:is([data-id], [data-number])').last();
  if (await row.isVisible()) await row.click();
}

/** Edits that wait for a stopped relay, with long names, and faults. */
async function begin(page: Page, origin: string, relay: { port: number; stop(): Promise<void> }) {
  const panel = await beginWithPanel(page, origin, relay.port);
  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('radio', { name: /Duplicated/ }).click();
  await panel.getByRole('button', { name: /^Start/ }).click();
  await expect(panel.getByRole('group', { name: 'Faults' })).toBeVisible();
  await expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('confirmed');
  await relay.stop();
  await page.evaluate(() => {
    const group = devtools.node().createGroup();
    for (const name of ['Crew', 'Everything that has to be on board before the ferry leaves', 'Tides']) {
      const map = group.createMap();
      map.set('name', name);
      for (let n = 0; n < 12; n++) map.set(`a key with some words ${n}`, `a value with some more words ${n}`);
    }
  });
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await expect(panel.getByRole('grid', { name: 'Unsynced CoValues' }).locator('[data-id]')).not.toHaveCount(
    0,
  );
  await panel.getByRole('grid', { name: 'Unsynced CoValues' }).locator('[data-id]').last().click();
  await panel.getByRole('button', { name: 'Open the CoValue' }).click();
  await expect(panel.getByRole('tree', { name: 'Value' })).toBeVisible();
  return panel;
}

test.describe.configure({ timeout: 300_000 });

test('every text can be read at the bottom of the page, at each width, light and dark', async ({
  page,
  app,
  relay,
}) => {
  await begin(page, app.origin, relay);
  await lookAtViews(page, 'bottom', looks);
});

test('every text can be read at the right of the page and in the separate window', async ({
  page,
  app,
  relay,
}) => {
  const panel = await begin(page, app.origin, relay);
  await page.setViewportSize({ width: 1360, height });
  await panel.getByRole('button', { name: 'Dock at the right' }).click();
  await lookAtViews(page, 'right', [{ width: 1360, colorScheme: 'light' }]);
  const opening = page.waitForEvent('popup');
  await panel.getByRole('button', { name: 'Open in a separate window' }).click();
  const popup = await opening;
  await lookAtViews(popup, 'window', [
    { width: 1120, colorScheme: 'dark' },
    { width: 390, colorScheme: 'light' },
  ]);
});

test('every text of an empty panel can be read', async ({ page, app }) => {
  await page.goto(`${app.origin}/devtools.html?mount=${encodeURIComponent('{"open":true}')}`);
  await expect(panelIn(page)).toContainText('Not signed in');
  for (const { width } of looks) {
    await page.setViewportSize({ width, height });
    await look(page, `empty, ${width}`);
  }
});
