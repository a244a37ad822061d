import type { Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { createTabs, type Tab, type Tabs } from './support/tabs.ts';
import { expect, test as base } from './support/test.ts';

// Five tabs of one account on one device: they see each other's edits, and upload each about once.

const test = base.extend<{ readonly tabs: Tabs; readonly relayURL: string }>({
  relayURL: async ({ relay }, use) => {
    await use(`ws://localhost:${relay.port}/sync`);
  },
  tabs: async ({ context, app, origins, relayURL }, use) => {
    const appURL = `${app.origin}/tabs.html`;
    await use(await createTabs({ context, appURL, elsewhere: origins[0], relayURL, areLocksKept: true }));
  },
});

const stateOf = (page: Page) => page.evaluate(() => tabApp.state());
const keysIn = async (page: Page) => (await page.evaluate(() => tabApp.history())).map(({ key }) => key);
const sorted = (keys: readonly string[]) => [...keys].toSorted();
const untilSaved = ({ page }: Tab) => expect.poll(() => stateOf(page)).toMatchObject({ unsaved: 0 });

async function untilConfirmed(tabs: Tabs): Promise<void> {
  for (const { page } of tabs.all) {
    await backOnline(page);
    await expect.poll(() => stateOf(page)).toMatchObject({ unconfirmed: 0, errored: [] });
  }
}

async function untilAllSee(tabs: Tabs, keys: readonly string[]): Promise<void> {
  for (const { page } of tabs.all)
    await expect.poll(async () => sorted(await keysIn(page))).toEqual(sorted(keys));
}

test('without a relay, tabs see each other’s edits, also after a reload', async ({
  tabs,
  relay,
  relayURL,
}) => {
  await relay.stop();
  const mapIDs = await tabs.begin(1);
  for (const tab of tabs.all) await untilSaved(tab);
  await tabs.open(4);
  const keys = tabs.all.map(({ number }) => `${number}.1`);
  for (const tab of tabs.all) expect(await tab.edit(0)).toBe(true);
  await untilAllSee(tabs, keys);
  // Each of them counts what no relay has: the account's beginning, the group and the map.
  const pending = await Promise.all(tabs.all.map(async ({ page }) => (await stateOf(page))?.unconfirmed));
  expect(pending.every((count) => count !== undefined && count > 0)).toBe(true);

  const [first, second] = tabs.all as [Tab, Tab];
  await second.page.reload();
  await second.page.waitForFunction(() => 'tabApp' in globalThis);
  await second.page.evaluate(([url, ids]) => tabApp.resume(url, ids), [relayURL, mapIDs] as const);
  await untilAllSee(tabs, keys);
  await first.edit(0);
  await second.page.evaluate(() => tabApp.edit(0, 'reloaded'));
  await untilAllSee(tabs, [...keys, '1.2', 'reloaded']);
  expect(tabs.refusals).toEqual([]);
});

test('with a relay, each edit is uploaded about once, and every tab learns that it is confirmed', async ({
  tabs,
}) => {
  await tabs.begin(1);
  for (const tab of tabs.all) await untilSaved(tab);
  await tabs.open(4);
  await untilConfirmed(tabs);
  const before = tabs.uploads;
  const rounds = 10;
  for (let round = 0; round < rounds; round++) {
    for (const tab of tabs.all) await tab.edit(0);
  }
  const keys = tabs.all.flatMap(({ number }) =>
    Array.from({ length: rounds }, (_, at) => `${number}.${at + 1}`),
  );
  await untilAllSee(tabs, keys);
  await untilConfirmed(tabs);
  const uploads = tabs.uploads - before;
  expect(uploads).toBeGreaterThan(0);
  expect(uploads).toBeLessThanOrEqual(keys.length * 1.5);
  expect(tabs.refusals).toEqual([]);
});

test('what a killed tab has saved is lost by nobody, and another one uploads it', async ({
  tabs,
  relay,
  relayURL,
  browser,
  app,
}) => {
  const mapIDs = await tabs.begin(1);
  for (const tab of tabs.all) await untilSaved(tab);
  await tabs.open(4);
  await untilConfirmed(tabs);
  await relay.kill();
  const [writer] = tabs.all as [Tab];
  await writer.edit(0);
  await untilSaved(writer);
  // More of them, up to the very moment: of these it is not known which were saved.
  const writing = Array.from({ length: 20 }, () => writer.edit(0).catch(() => false));
  await writer.kill();
  await Promise.all(writing);
  await relay.start();
  await untilConfirmed(tabs);
  const saved = tabs.told.map(({ key }) => key);
  expect(saved).toContain('1.1');

  // On another device, which has nothing but what the relay has.
  const elsewhere = await browser.newContext();
  try {
    await elsewhere.exposeFunction('told', () => {});
    const page = await elsewhere.newPage();
    await page.goto(`${app.origin}/tabs.html`);
    await addAuthenticator(page);
    await page.evaluate(([url, ids]) => tabApp.join(url, ids), [relayURL, mapIDs] as const);
    await expect.poll(() => keysIn(page)).toEqual(expect.arrayContaining(saved));
  } finally {
    await elsewhere.close();
  }
  expect(tabs.refusals).toEqual([]);
});
