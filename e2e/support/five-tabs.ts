import type { Page } from '@playwright/test';
import { backOnline } from './network.ts';
import { createTabs, type Tab, type Tabs } from './tabs.ts';
import { expect, test as base } from './test.ts';

/** Tabs of one account on one device, which sync with the test's relay. */
export const test = base.extend<{ readonly tabs: Tabs; readonly relayURL: string }>({
  relayURL: async ({ relay }, use) => {
    await use(`ws://localhost:${relay.port}/sync`);
  },
  tabs: async ({ context, app, origins, relayURL }, use) => {
    const appURL = `${app.origin}/tabs.html`;
    await use(await createTabs({ context, appURL, elsewhere: origins[0], relayURL, areLocksKept: true }));
  },
});

export const stateOf = (page: Page) => page.evaluate(() => tabApp.state());
export const keysIn = async (page: Page) =>
  (await page.evaluate(() => tabApp.history())).map(({ key }) => key);
export const untilSaved = ({ page }: Tab) => expect.poll(() => stateOf(page)).toMatchObject({ unsaved: 0 });

export async function untilConfirmed(tabs: Tabs): Promise<void> {
  for (const { page } of tabs.all) {
    await backOnline(page);
    await expect.poll(() => stateOf(page)).toMatchObject({ unconfirmed: 0, errored: [] });
  }
}
