import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { browserLaunchOptions } from '../scripts/find-browser.mjs';
import { addAuthenticator } from './support/authenticator.ts';
import type { RelayProcess } from './support/relay-process.ts';
import type { Served } from './support/servers.ts';
import { expect, test } from './support/test.ts';

// Which session ID a page gets, with the browser's real locks, database and page life cycle. The app is the
// bare kernel.

test.use({ trace: 'off' }); // A trace cannot hold a hundred page loads.

const addressOf = ({ port }: RelayProcess) => [`ws://localhost:${port}/sync`];
const sessionID = (page: Page) => page.evaluate(() => bareApp.sessionID());
const state = (page: Page) => page.evaluate(() => bareApp.state());
const untilSaved = (page: Page) => expect.poll(() => state(page)).toMatchObject({ unsaved: 0 });
const untilConfirmed = (page: Page) =>
  expect.poll(() => state(page)).toMatchObject({ known: true, pending: 0 });
const set = (page: Page, key: string, value: number) =>
  page.evaluate(([name, number]) => bareApp.set(name, number), [key, value] as const);

/** A device with an account and a map. */
async function begin(page: Page, app: Served, relay: RelayProcess): Promise<string> {
  await addAuthenticator(page);
  await page.goto(app.origin);
  await page.waitForFunction(() => 'bareApp' in globalThis);
  await page.evaluate((urls) => bareApp.signUp(urls), addressOf(relay));
  const mapID = await page.evaluate(() => bareApp.makeMap());
  await untilConfirmed(page);
  return mapID;
}

async function resume(page: Page, relay: RelayProcess, mapID: string): Promise<string> {
  await page.waitForFunction(() => 'bareApp' in globalThis);
  await page.evaluate((urls) => bareApp.resume(urls), addressOf(relay));
  await page.evaluate((id) => bareApp.openMap(id), mapID);
  return sessionID(page);
}

async function openTab(context: BrowserContext, app: Served, relay: RelayProcess, mapID: string) {
  const page = await context.newPage();
  await page.goto(app.origin);
  await resume(page, relay, mapID);
  return page;
}

/** Ends the renderer without any event or chance to clean up. */
async function crash(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  cdp.send('Page.crash').catch(() => {}); // No process is left to answer.
  await crashed;
  await page.close();
}

test('a hundred reloads use one session ID', async ({ page, app, relay }) => {
  test.setTimeout(300_000);
  const mapID = await begin(page, app, relay);
  const first = await sessionID(page);
  for (let run = 1; run <= 100; run++) {
    await set(page, `run ${run}`, run);
    await untilSaved(page);
    await page.reload();
    expect(await resume(page, relay, mapID)).toBe(first);
  }
  await untilConfirmed(page);
  expect(Object.keys(await page.evaluate(() => bareApp.read()))).toHaveLength(100);
});

test('three tabs have three IDs, a closed tab’s is reused, and a crashed one’s never', async ({
  page,
  context,
  app,
  relay,
}) => {
  const mapID = await begin(page, app, relay);
  const second = await openTab(context, app, relay, mapID);
  const third = await openTab(context, app, relay, mapID);
  const ids = await Promise.all([page, second, third].map(sessionID));
  expect(new Set(ids).size).toBe(3);

  await set(second, 'second', 2);
  await untilSaved(second);
  const ended = await sessionID(second);
  await second.goto('about:blank');
  expect(await sessionID(await openTab(context, app, relay, mapID))).toBe(ended);

  await set(third, 'third', 3);
  await untilSaved(third);
  const killed = await sessionID(third);
  await crash(third);
  for (let tab = 0; tab < 3; tab++) {
    expect(await sessionID(await openTab(context, app, relay, mapID))).not.toBe(killed);
  }
  const last = await openTab(context, app, relay, mapID);
  await expect.poll(() => last.evaluate(() => bareApp.read())).toEqual({ second: 2, third: 3 });
});

test.describe('a page in the back-forward cache', () => {
  // Playwright disables that cache by default.
  async function inBrowserWithCache(run: (page: Page) => Promise<void>): Promise<void> {
    const browser = await chromium.launch({
      ...browserLaunchOptions(),
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
    try {
      await run(await (await browser.newContext()).newPage());
    } finally {
      await browser.close();
    }
  }

  /** Navigates away, and back after `meanwhile`; false if the browser reloaded the page instead. */
  async function leave(page: Page, elsewhere: string, meanwhile: () => Promise<void>): Promise<boolean> {
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    await page.goto(elsewhere);
    await meanwhile();
    await page.goBack({ waitUntil: 'commit' }); // A restored page fires no load event.
    return page.evaluate(() => 'isSamePage' in globalThis);
  }

  test('continues with its ID', async ({ app, relay, origins }) => {
    await inBrowserWithCache(async (page) => {
      await begin(page, app, relay);
      const before = await sessionID(page);
      expect(await leave(page, origins[0], () => Promise.resolve())).toBe(true);
      await expect(() => set(page, 'back', 1)).toPass();
      await untilConfirmed(page);
      expect(await sessionID(page)).toBe(before);
    });
  });

  test('gets another session if another tab took the ID', async ({ app, relay, origins }) => {
    // A browser evicts the page under pressure, or if it was left while it recorded a confirmation: the other tab’s
    // transactions would wait for its. So each attempt leaves later.
    for (let attempt = 1; !(await isKept((attempt - 1) * 1_000)); attempt++) expect(attempt).toBeLessThan(5);

    async function isKept(leavesAfterMs: number): Promise<boolean> {
      let isSamePage = false;
      await inBrowserWithCache(async (page) => {
        const mapID = await begin(page, app, relay);
        const before = await sessionID(page);
        await page.waitForTimeout(leavesAfterMs);
        let other: Page | undefined;
        isSamePage = await leave(page, origins[0], async () => {
          other = await openTab(page.context(), app, relay, mapID);
          expect(await sessionID(other)).toBe(before);
          await set(other, 'other', 1);
        });
        if (!isSamePage) return;
        await expect.poll(() => sessionID(page)).not.toBe(before);
        await page.evaluate((id) => bareApp.openMap(id), mapID);
        await set(page, 'back', 2);
        await expect.poll(() => other?.evaluate(() => bareApp.read())).toEqual({ other: 1, back: 2 });
      });
      return isSamePage;
    }
  });
});
