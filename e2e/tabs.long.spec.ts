import { chromium, type Browser, type Page } from '@playwright/test';
import { browserLaunchOptions } from '../scripts/find-browser.mjs';
import { createRandom } from '../test/long/seeded-random.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { createTabs, type Tab, type Tabs } from './support/tabs.ts';
import { expect, test } from './support/test.ts';

// Fifty tabs of one account on one device, under stress. `MAIA_SEED` varies the run, and `MAIA_NO_LOCKS=1`
// must fail: each tab then gets every lock that it requests.

const seed = Number(process.env['MAIA_SEED'] ?? 1);
const areLocksKept = process.env['MAIA_NO_LOCKS'] !== '1';
const mapCount = 3;
const tabCount = 50;
const mostAtOnce = 6;

/** Playwright disables the back-forward cache by default. */
function launch(): Promise<Browser> {
  return chromium.launch({
    ...browserLaunchOptions(),
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
}

const stateOf = (page: Page) => page.evaluate(() => tabApp.state());

test.use({ trace: 'off' });

test(`fifty tabs, opened, closed, frozen and killed, fork no session (seed ${seed})`, async ({
  app,
  relay,
  origins,
}) => {
  test.setTimeout(300_000);
  const random = createRandom(seed);
  const browser = await launch();
  const at = { relayURL: `ws://localhost:${relay.port}/sync`, appURL: `${app.origin}/tabs.html` };
  const context = await browser.newContext();
  const tabs = await createTabs({ context, elsewhere: origins[0], areLocksKept, ...at });
  let isRelayUp = true;

  const pick = <T>(from: readonly T[]): T | undefined => from[random(0, from.length - 1)];
  const shown = () => tabs.all.filter(({ state }) => state === 'shown');
  const aside = () => tabs.all.filter(({ state }) => state !== 'shown');
  const untilSaved = ({ page }: Tab) =>
    expect.poll(async () => (await stateOf(page))?.unsaved, { intervals: [10, 50] }).toBe(0);
  async function untilConfirmed({ page }: Tab): Promise<void> {
    await backOnline(page);
    await expect.poll(() => stateOf(page)).toMatchObject({ unconfirmed: 0, errored: [] });
  }

  /** Several at the same moment, so that tabs that wrongly shared an ID would write at the same position. */
  async function write(some: readonly Tab[]): Promise<void> {
    const map = random(0, mapCount - 1);
    await Promise.all(some.map((tab) => tab.edit(map)));
  }

  async function toggleRelay(): Promise<void> {
    await (isRelayUp ? relay.kill() : relay.start());
    isRelayUp = !isRelayUp;
  }

  async function step(): Promise<void> {
    const tab = pick(shown());
    const away = pick(aside());
    const roll = random(1, 100);
    if (!tab || (roll <= 22 && tabs.all.length < mostAtOnce)) {
      // Tabs compete for IDs that were just released.
      for (const each of shown().slice(0, random(1, 2))) {
        await untilSaved(each);
        await each.end();
      }
      await tabs.open(Math.min(random(2, 3), tabCount - tabs.opened));
      await write(shown());
      return;
    }
    if (roll <= 60) return write(shown());
    if (roll <= 68) {
      await tab.edit(random(0, mapCount - 1));
      return tab.kill();
    }
    if (roll <= 76) {
      await tab.edit(random(0, mapCount - 1));
      return tab.close();
    }
    if (roll <= 82) return tab.freeze();
    if (roll <= 88) return tab.leave();
    if (roll > 96) return toggleRelay();
    // A tab that opens at this moment may want the ID that the page wants back.
    if (away && tabs.opened < tabCount) await Promise.all([away.show(), tabs.open(1)]);
    else await away?.show();
    await write(shown());
  }

  try {
    const mapIDs = await tabs.begin(mapCount);
    // From here on there are edits that no crash may lose.
    for (const tab of tabs.all) await untilSaved(tab);
    while (tabs.opened < tabCount) {
      await step();
    }
    if (!isRelayUp) await relay.start();
    // A browser that is short of memory may have kept none of the pages that were left.
    for (let tries = 0; tabs.fromCache === 0 && tries < 20; tries++) {
      const tab = pick(shown());
      await tab?.leave();
      await tab?.show();
    }
    for (const tab of [...tabs.all]) {
      if (tab.state !== 'shown') await tab.show();
      await untilConfirmed(tab);
      await tab.close();
    }
    // The next tab to open sends what the closed and killed tabs left unsent.
    await tabs.open(1);
    for (const tab of tabs.all) await untilConfirmed(tab);
    await check(browser, tabs, mapIDs, at);
  } finally {
    await browser.close();
  }
});

/** Another user's device, which has only what the relay gives it. */
async function check(
  browser: Browser,
  tabs: Tabs,
  mapIDs: readonly string[],
  { appURL, relayURL }: { readonly appURL: string; readonly relayURL: string },
): Promise<void> {
  const reader = await (await browser.newContext()).newPage();
  await reader.exposeFunction('told', () => {});
  await addAuthenticator(reader);
  await reader.goto(appURL);
  await reader.waitForFunction(() => 'tabApp' in globalThis);
  await reader.evaluate(([url, ids]) => tabApp.join(url, ids), [relayURL, mapIDs] as const);
  const told = new Map(tabs.told.map((edit) => [edit.key, edit.sessionID]));
  const findings = async () => {
    const stored = await reader.evaluate(() => tabApp.history());
    const isStored = new Set(stored.map(({ key, sessionID }) => `${key} ${sessionID}`));
    const keys = stored.map(({ key }) => key);
    return {
      refusals: tabs.refusals,
      missing: [...told].filter(([key, sessionID]) => !isStored.has(`${key} ${sessionID}`)),
      doubled: keys.filter((key, index) => keys.indexOf(key) !== index),
    };
  };
  await expect.poll(findings).toEqual({ refusals: [], missing: [], doubled: [] });
  // The stress was real: many edits, under IDs that passed from tab to tab, in pages that came back.
  expect(told.size).toBeGreaterThan(200);
  expect(new Set(told.values()).size).toBeLessThan(tabs.opened);
  expect(tabs.fromCache).toBeGreaterThan(0);
}
