import type { Locator } from '@playwright/test';
import { panelIn } from './support/devtools-page.ts';
import { backOnline } from './support/network.ts';
import { createTabs, type Tab, type Tabs } from './support/tabs.ts';
import { expect, test as base } from './support/test.ts';

// Three real tabs of one account, observed from the first of them.

const names = ['Shifts', 'Photos', 'Tide log'] as const;

const test = base.extend<{ readonly tabs: Tabs }>({
  tabs: async ({ context, app, origins, relay }, use) => {
    const tabs = await createTabs({
      context,
      appURL: `${app.origin}/tabs-devtools.html`,
      elsewhere: origins[0],
      relayURL: `ws://localhost:${relay.port}/sync`,
      areLocksKept: true,
    });
    await tabs.begin(1);
    await tabs.open(2);
    for (const [index, { page }] of tabs.all.entries()) {
      await page.evaluate((title) => void (document.title = title), names[index] ?? '');
      await untilConfirmed(page);
    }
    await use(tabs);
  },
});

const untilConfirmed = (page: Tab['page']) =>
  expect.poll(() => page.evaluate(() => tabApp.state())).toMatchObject({ unconfirmed: 0 });

async function openTabsView({ page }: Tab): Promise<Locator> {
  await page.evaluate(() => devtools.mount({ open: true }));
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Tabs/ }).click();
  return panel;
}

const rowOf = (panel: Locator, name: string) =>
  panel.getByRole('grid', { name: 'Tabs of this account' }).getByRole('row', { name: new RegExp(name) });
/** In column order. */
const cellsOf = (row: Locator) => row.getByRole('gridcell');

test('shows each tab with its session and its unsynced edits, and when it closes', async ({
  tabs,
  relay,
}) => {
  const [first, second, third] = tabs.all as [Tab, Tab, Tab];
  const panel = await openTabsView(first);
  const rail = panel.getByRole('tab', { name: /Tabs/ });
  await expect(rail).toHaveText(/Tabs\s*3/);
  const sessions: string[] = [];
  for (const [index, { page }] of tabs.all.entries()) {
    const id = await page.evaluate(() => tabApp.sessionID());
    const short = (id ?? '').replace(/^.*_session_/, '').slice(0, 8);
    const row = rowOf(panel, names[index] ?? '');
    await expect(cellsOf(row)).toContainText([
      names[index] ?? '',
      short,
      /visible|hidden/,
      'uploads',
      '0',
      'now',
    ]);
    sessions.push(short);
  }
  expect(new Set(sessions).size).toBe(3);
  await expect(rowOf(panel, 'this tab')).toContainText('Shifts');

  await relay.kill();
  expect(await second.edit(0)).toBe(true);
  await expect(cellsOf(rowOf(panel, 'Photos')).nth(4)).toHaveText('1');
  await expect(cellsOf(rowOf(panel, 'Shifts')).nth(4)).toHaveText('0');
  await expect(rowOf(panel, 'Photos')).toContainText(/waits for|connects to/);

  await third.end();
  await expect(rowOf(panel, 'Tide log')).toContainText('left');
  await expect(rail).toHaveText(/Tabs\s*2/);

  await second.kill();
  const killed = rowOf(panel, 'Photos');
  await expect(killed).toContainText('gone');
  await expect(cellsOf(killed).nth(4)).toHaveText('1');
  await expect(rail).toHaveText(/Tabs\s*1/);
  // The rail warns about what the closed tab left behind.
  await expect(rail.locator('.stat.warn')).toBeVisible();
  await killed.click();
  const details = panel.getByRole('region', { name: /^Details of Photos/ });
  await expect(details).toContainText('Left 1 CoValue unconfirmed');
  await expect(details).toContainText('free: no tab holds the session');
  await expect(details).toContainText('Keep a tab of this account open');

  // After reconnecting, this tab uploads it.
  await relay.start();
  await backOnline(first.page);
  await expect(cellsOf(killed).nth(4)).toHaveText('0');
  await expect(rail.locator('.stat.warn')).toHaveCount(0);
  await expect(details).toContainText('Ended unexpectedly');
});

test('shows when a tab is frozen, and when it resumes', async ({ tabs }) => {
  const [first, , third] = tabs.all as [Tab, Tab, Tab];
  const panel = await openTabsView(first);
  const row = rowOf(panel, 'Tide log');
  await expect(row).toContainText('uploads its own edits');
  // Chromium freezes only hidden pages, and headless pages are never hidden.
  const tell = (event: 'freeze' | 'resume') =>
    third.page.evaluate((name) => void document.dispatchEvent(new Event(name)), event);
  await tell('freeze');
  await expect(row).toContainText('frozen');
  await expect(row).toContainText('gave up its session');
  await expect(cellsOf(row).nth(1)).toHaveText('none');
  await tell('resume');
  await expect(row).toContainText('uploads its own edits');
});

test('queries no tab before it is opened or after it is closed', async ({ tabs }) => {
  const [first, second, third] = tabs.all as [Tab, Tab, Tab];
  const line = await second.page.evaluateHandle(() => {
    const questions: string[] = [];
    const kinds: string[] = [];
    const [account = ''] = (tabApp.sessionID() ?? '').split('_session_');
    new BroadcastChannel(`maia/edits/${account}`).addEventListener('message', ({ data }) => {
      const { kind, from } = data as { readonly kind: string; readonly from: string };
      kinds.push(kind);
      if (kind === 'who') questions.push(from);
    });
    return { kinds, questions };
  });
  const questionsOf = async ({ page }: Tab) => {
    const id = await page.evaluate(() => tabApp.sessionID());
    return line.evaluate(({ questions }, by) => questions.filter((from) => from === by).length, id);
  };
  await first.edit(0);
  await expect.poll(() => line.evaluate(({ kinds }) => kinds.includes('saved'))).toBe(true);
  expect(await questionsOf(first)).toBe(0);

  const panel = await openTabsView(first);
  await expect.poll(() => questionsOf(first)).toBeGreaterThan(1);
  await panel.getByRole('button', { name: /^Close \(/ }).click();
  const before = await questionsOf(first);
  // Another view queries once a second, which shows that time has passed.
  await openTabsView(third);
  await expect.poll(() => questionsOf(third)).toBeGreaterThan(3);
  expect(await questionsOf(first)).toBe(before);
});
