import type { Locator, Page } from '@playwright/test';
import { panelIn, relayURL } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

// A stock cojson node, whose peers the app adds: the kernel's nodes never get into these situations.

async function begin(page: Page, origin: string, syncWhen?: 'never'): Promise<Locator> {
  await page.goto(`${origin}/stock.html`);
  await expect.poll(() => page.evaluate(() => 'stockApp' in globalThis)).toBe(true);
  await page.evaluate((when) => stockApp.begin(when), syncWhen);
  return panelIn(page);
}

async function expectVerdict(panel: Locator, id: string, verdict: RegExp, next: RegExp): Promise<void> {
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await panel.locator(`[data-id="${id}"]`).click();
  const details = panel.getByRole('region', { name: 'Details of Crew list' });
  await expect(details.locator('.verdict')).toHaveText(verdict);
  await expect(details.locator('.next')).toContainText(next);
  const told = await panel.page().evaluate((asked) => stockApp.explain(asked), id);
  expect(told).toMatchObject({
    verdict: expect.stringMatching(verdict),
    next: expect.stringMatching(next),
  });
}

async function expectGone(panel: Locator, id: string): Promise<void> {
  // Rows stay while the pointer is on them.
  await panel.page().mouse.move(1, 1);
  await expect(panel.locator(`[data-id="${id}"]`)).toHaveCount(0);
}

const makeMap = (page: Page) => page.evaluate(() => stockApp.makeMap());
const isAllSynced = (page: Page) => page.evaluate(() => stockApp.isAllSynced());
const isAtPeers = (page: Page, id: string) =>
  expect.poll(() => page.evaluate((asked) => stockApp.isAtPeers(asked), id)).toBe(true);
const addPeer = (page: Page, id: string, relayPort: number, isPersistent = true) =>
  page.evaluate(([peerID, url, persistent]) => stockApp.addPeer(peerID, url, persistent), [
    id,
    relayURL(relayPort),
    isPersistent,
  ] as const);

test('a node created with syncWhen: never', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, 'never');
  const id = await makeMap(page);
  expect(await isAllSynced(page)).toBe(true);
  await expectVerdict(panel, id, /^Sync is switched off: .+`syncWhen: 'never'`$/, /Call `setupSyncPeers/);
  await page.evaluate((url) => stockApp.setupSyncPeers(url), relayURL(relay.port));
  await isAtPeers(page, id);
  await expectGone(panel, id);
});

test('a node to which no server peer was ever added', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin);
  const id = await makeMap(page);
  await expectVerdict(panel, id, /^No relay was ever added: the node has no server peer$/, /add a peer with/);
  await expect(panel.getByRole('region', { name: /^Details/ })).toContainText('any persistent peer');
  await addPeer(page, 'relay', relay.port);
  await isAtPeers(page, id);
  await expectGone(panel, id);
  expect(await isAllSynced(page)).toBe(true);
});

test('a tracker that waits for a peer that the app has since added under another ID', async ({
  page,
  app,
  relay,
}) => {
  const panel = await begin(page, app.origin);
  await page.routeWebSocket(/first/, () => {}); // It answers nothing.
  await page.evaluate(() => stockApp.addPeer('first', 'ws://localhost/first?key=sesame', true));
  const id = await makeMap(page);
  await expectVerdict(panel, id, /^Handed to the peer, not yet confirmed by first$/, /relay’s log/);
  await page.evaluate(() => stockApp.removePeer('first'));
  await expectVerdict(panel, id, /^The peer it waits for was removed: first$/, /add a peer with/);
  await addPeer(page, 'second', relay.port);
  await isAtPeers(page, id);
  expect(await isAllSynced(page)).toBe(false);
  await expectVerdict(
    panel,
    id,
    /^cojson’s tracker is out of date: every relay has all of it$/,
    /Use Repair/,
  );

  // Repairs every row, including the map's group, which was created with it.
  for (;;) {
    const repair = panel.getByRole('button', { name: 'Repair' });
    if ((await repair.count()) === 0) break;
    const row = panel.getByRole('grid').locator('[aria-selected="true"]');
    const repaired = await row.getAttribute('data-id');
    await repair.click();
    await expect(panel.locator(`[data-id="${repaired}"]`)).toHaveCount(0);
  }
  expect(await isAllSynced(page)).toBe(true);
});

test('a tracker that waits for a persistent peer, while the app’s is not persistent', async ({
  page,
  app,
  relay,
}) => {
  const panel = await begin(page, app.origin);
  await addPeer(page, 'relay', relay.port, false);
  const id = await makeMap(page);
  await isAtPeers(page, id);
  expect(await isAllSynced(page)).toBe(false);
  await expectVerdict(panel, id, /tracker is out of date/, /until a server peer is `persistent`/);
  await expect(panel.getByRole('heading', { level: 2 })).toHaveText('Everything is confirmed by relay');
  await panel.getByRole('tab', { name: /Peers/ }).click();
  await expect(panel.getByRole('article', { name: 'relay' })).toContainText('added by the app');
});
