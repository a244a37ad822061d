import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Locator, Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import {
  beginWithPanel,
  openDevtoolsPage,
  panelIn,
  relayURL,
  rulesOfPages,
} from './support/devtools-page.ts';
import { findUnreadable } from './support/measure-panel.ts';
import type { RelayProcess } from './support/relay-process.ts';
import { expect, test } from './support/test.ts';
import { arrived, loseRightsWhileAway } from './support/verdicts.ts';

type Scheme = 'light' | 'dark';
interface Look {
  readonly width: number;
  /** Themes in which axe judges it: none if another width has the same parts. */
  readonly judgedIn: readonly Scheme[];
}
const both = ['light', 'dark'] as const;
/** 378 px is a phone’s width less a classic scrollbar. */
const looks: readonly [Look, ...Look[]] = [
  { width: 1360, judgedIn: both },
  { width: 1000, judgedIn: [] },
  { width: 821, judgedIn: [] },
  { width: 390, judgedIn: both },
  { width: 378, judgedIn: [] },
];
const height = 800;

/** A folder for screenshots of each look in both themes, for a visual check. */
const folder = process.env['MAIA_LOOK'];

/** Views that have no details of a selected row. */
const withoutDetails = /Queues|Peers|Lag|Storage|Faults/;

/** Positions and sizes are the same in both themes, so one is measured. */
async function look(page: Page, what: string, { width, judgedIn }: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  const unreadable = await findUnreadable(panelIn(page), !withoutDetails.test(what));
  expect.soft(unreadable, `${what}, ${width}`).toEqual({ cut: [], overlapping: [] });
  for (const colorScheme of folder === undefined ? judgedIn : both) {
    // Colours in transition belong to neither theme.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const name = `${what}, ${width}, ${colorScheme}`;
    if (folder !== undefined)
      await page.screenshot({ path: `${folder}/${name.replaceAll(/\W+/g, '-')}.png` });
    if (judgedIn.includes(colorScheme)) await judge(page, name);
  }
}

async function judge(page: Page, name: string): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).disableRules(rulesOfPages).analyze();
  expect(passes.length).toBeGreaterThan(10);
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${String(target)}`));
  expect.soft(found, name).toEqual([]);
}

/** Shows each view, with a row chosen where there are rows, and the list of all CoValues. The first look has tabs. */
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
    for (const each of [wide, ...others]) await look(page, `${name}, ${title}`, each);
    if (title !== 'CoValue') continue;
    await panel.getByRole('button', { name: 'All CoValues' }).click();
    await expect(panel.getByRole('grid', { name: 'All CoValues' })).toBeVisible();
    for (const each of [wide, ...others]) await look(page, `${name}, all CoValues`, each);
    await panel.getByRole('row', { name: /Tides/ }).click();
  }
}

async function chooseRow(panel: Locator): Promise<void> {
  const row = panel.locator('#view [role=row]:is([data-id], [data-number])').last();
  if (await row.isVisible()) await row.click();
}

/** The same relay, under a name that needs room. */
const longHost = 'relay-of-the-harbour-office-at-the-north-quay.localhost';

/** Edits that are not counted, not made, or waiting for a stopped relay with a long name, and faults. */
async function begin(page: Page, browser: Browser, origin: string, relay: RelayProcess): Promise<Locator> {
  const owner = await (await browser.newContext()).newPage();
  await beginWithPanel(owner, origin, relay.port);
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true });
  const urls = [relayURL(relay.port), `ws://${longHost}:${relay.port}/sync`];
  await page.evaluate((relays) => bareApp.signUpAtRelays(relays), urls);
  const panel = panelIn(page);
  await arrived(page);
  await loseRightsWhileAway(owner, page, panel);
  await owner.context().close();
  await page.evaluate(() => void bareApp.makeMap());

  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('radio', { name: /Duplicated/ }).click();
  await panel.getByRole('button', { name: /^Start/ }).click();
  await expect(panel.getByRole('group', { name: 'Faults' })).toBeVisible();
  await arrived(page);
  await relay.stop();
  await page.evaluate(() => {
    const group = devtools.node().createGroup();
    for (const name of ['Crew', 'Everything that has to be on board before the ferry leaves', 'Tides']) {
      const map = group.createMap();
      map.set('name', name);
      for (let n = 0; n < 12; n++) map.set(`a key with some words ${n}`, `a value with some more words ${n}`);
    }
    try {
      bareApp.set('k'.repeat(1_200_000), 1);
    } catch {
      // Listed as an edit that was not made.
    }
  });
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  const rows = panel.getByRole('grid', { name: 'Unsynced CoValues' });
  await expect(rows).toContainText('Not made');
  await expect(rows).toContainText('Not counted');
  await rows.getByRole('row', { name: /Tides/ }).click();
  await panel.getByRole('button', { name: 'Open the CoValue' }).click();
  await expect(panel.getByRole('tree', { name: 'Value' })).toBeVisible();
  return panel;
}

test.describe.configure({ timeout: 480_000 });

test('every text can be read at the bottom of the page, at each width, light and dark', async ({
  page,
  browser,
  app,
  relay,
}) => {
  await begin(page, browser, app.origin, relay);
  await lookAtViews(page, 'bottom', looks);
});

test('every text can be read at the right of the page and in the separate window', async ({
  page,
  browser,
  app,
  relay,
}) => {
  const panel = await begin(page, browser, app.origin, relay);
  await page.setViewportSize({ width: 1360, height });
  await panel.getByRole('button', { name: 'Dock at the right' }).click();
  // On pages below 641 px, the panel is at the bottom.
  await lookAtViews(page, 'right', [
    { width: 1360, judgedIn: both },
    { width: 1000, judgedIn: [] },
    { width: 821, judgedIn: [] },
  ]);
  const opening = page.waitForEvent('popup');
  await panel.getByRole('button', { name: 'Open in a separate window' }).click();
  const popup = await opening;
  await lookAtViews(popup, 'window', [
    { width: 1360, judgedIn: ['dark'] },
    { width: 1000, judgedIn: [] },
    { width: 821, judgedIn: [] },
    { width: 390, judgedIn: ['light'] },
  ]);
});

test('every text of an empty panel can be read', async ({ page, app }) => {
  await page.goto(`${app.origin}/devtools.html?mount=${encodeURIComponent('{"open":true}')}`);
  await expect(panelIn(page)).toContainText('Not signed in');
  for (const each of looks) await look(page, 'empty', each);
});
