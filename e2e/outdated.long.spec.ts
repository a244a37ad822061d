import type { Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { serveBareApp } from './support/servers.ts';
import { expect, test } from './support/test.ts';

const state = (page: Page) => page.evaluate(() => bareApp.state());
const set = (page: Page, key: string, value: number) =>
  page.evaluate(([name, number]) => bareApp.set(name, number), [key, value] as const);

test('an outdated app keeps its edits, and its next version brings them to the relay', async ({
  page,
  browser,
  relay,
}) => {
  const served = await serveBareApp();
  const otherContext = await browser.newContext();
  const urls = [`ws://localhost:${relay.port}/sync`];
  const open = async (each: Page) => {
    await each.goto(served.origin);
    await each.waitForFunction(() => 'bareApp' in globalThis);
  };
  const resume = (version: string) =>
    page.evaluate(([url, appVersion]) => bareApp.resume(url, appVersion), [urls, version] as const);
  const openMap = (each: Page, id: string) => each.evaluate((mapID) => bareApp.openMap(mapID), id);
  try {
    await addAuthenticator(page);
    await open(page);
    await page.evaluate(([url, appVersion]) => bareApp.signUp(url, appVersion), [urls, '1.9.0'] as const);
    const id = await page.evaluate(() => bareApp.makeMap());
    await set(page, 'before', 1);
    await expect.poll(() => state(page)).toMatchObject({ status: 'confirmed', pending: 0 });

    await relay.stop();
    await relay.start('--min-app-version', '2.0.0');
    await set(page, 'while it was outdated', 1);
    const outdated = { status: 'failed', error: 'APP_OUTDATED', unsaved: 0, pending: 1 };
    await expect.poll(() => state(page), { timeout: 30_000 }).toMatchObject(outdated);
    await set(page, 'still', 1);
    await expect.poll(() => state(page)).toMatchObject(outdated);

    // A reload with the same version changes nothing.
    await open(page);
    await resume('1.9.0');
    await openMap(page, id);
    await set(page, 'after a reload', 1);
    await expect.poll(() => state(page)).toMatchObject(outdated);

    await open(page);
    await resume('2.0.0');
    await expect
      .poll(() => state(page), { timeout: 30_000 })
      .toMatchObject({ status: 'confirmed', pending: 0 });

    const other = await otherContext.newPage();
    await addAuthenticator(other);
    await open(other);
    await other.evaluate(([url, appVersion]) => bareApp.signUp(url, appVersion), [urls, '2.0.0'] as const);
    await openMap(other, id);
    const all = { before: 1, 'while it was outdated': 1, still: 1, 'after a reload': 1 };
    await expect.poll(() => other.evaluate(() => bareApp.read())).toEqual(all);
  } finally {
    await relay.stop(); // The next test starts it without the option.
    await otherContext.close();
    await served.close();
  }
});
