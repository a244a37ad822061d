import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { browserLaunchOptions } from '../scripts/find-browser.mjs';
import { addAuthenticator } from './support/authenticator.ts';
import { expect, test } from './support/test.ts';

// A browser profile is restored from an older copy, so that two profiles continue one session.

/** How many edits each side makes; one entry for each map. */
const counts = [
  { original: 3, restored: 1 },
  { original: 2, restored: 2 },
  { original: 1, restored: 3 },
  { original: 2, restored: 0 },
  { original: 0, restored: 2 },
];

test('a restored profile continues under another session, and no edit is lost', async ({
  world,
  relay,
  app,
}) => {
  test.setTimeout(180_000);
  const [originalProfile, restoredProfile] = ['original', 'restored'].map((name) =>
    join(world.directory, `profile-${name}`),
  ) as [string, string];
  const url = `ws://localhost:${relay.port}/sync`;
  const open: BrowserContext[] = [];
  let mapIDs: readonly string[] = [];

  async function start(profile: string): Promise<Page> {
    const context = await chromium.launchPersistentContext(profile, browserLaunchOptions());
    open.push(context);
    await context.exposeFunction('told', () => {});
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(`${app.origin}/tabs.html`);
    await page.waitForFunction(() => 'tabApp' in globalThis);
    return page;
  }

  async function resume(page: Page): Promise<Page> {
    await page.evaluate(([to, ids]) => tabApp.resume(to, ids), [url, mapIDs] as const);
    return page;
  }

  /** The user closes the browser after everything was saved. */
  async function end(page: Page): Promise<void> {
    await expect.poll(() => stateOf(page)).toMatchObject({ unsaved: 0 });
    await page.goto('about:blank');
    await page.context().close();
  }

  const stateOf = (page: Page) => page.evaluate(() => tabApp.state());
  const sessionID = (page: Page) => page.evaluate(() => tabApp.sessionID());
  const keysOf = async (page: Page) =>
    (await page.evaluate(() => tabApp.history())).map(({ key }) => key).toSorted();
  const untilConfirmed = (page: Page) =>
    expect.poll(() => stateOf(page)).toMatchObject({ unconfirmed: 0, errored: [] });
  const write = async (page: Page, map: number, keys: readonly string[]) => {
    for (const key of keys) {
      expect(await page.evaluate(([index, name]) => tabApp.edit(index, name), [map, key] as const)).toBe(
        true,
      );
    }
  };
  const keysBy = (side: 'original' | 'restored') =>
    counts.map((count, map) => Array.from({ length: count[side] }, (_, edit) => `${side} ${map}.${edit}`));

  try {
    const first = await start(originalProfile);
    await addAuthenticator(first);
    mapIDs = await first.evaluate(([to, n]) => tabApp.signUp(to, n), [url, counts.length] as const);
    for (const map of counts.keys()) await write(first, map, [`before ${map}`]);
    await untilConfirmed(first);
    const shared = await sessionID(first);
    await end(first);
    await cp(originalProfile, restoredProfile, { recursive: true });

    const original = await resume(await start(originalProfile));
    expect(await sessionID(original)).toBe(shared);
    for (const [map, keys] of keysBy('original').entries()) await write(original, map, keys);
    await untilConfirmed(original);
    await relay.stop();

    const restored = await resume(await start(restoredProfile));
    expect(await sessionID(restored)).toBe(shared);
    for (const [map, keys] of keysBy('restored').entries()) await write(restored, map, keys);
    await expect.poll(() => stateOf(restored)).toMatchObject({ unsaved: 0 });
    await relay.start();

    await expect.poll(() => sessionID(restored), { timeout: 60_000 }).not.toBe(shared);
    await untilConfirmed(restored);
    const all = [
      ...counts.map((_, map) => `before ${map}`),
      ...keysBy('original').flat(),
      ...keysBy('restored').flat(),
    ].toSorted();
    await expect.poll(() => keysOf(restored)).toEqual(all);
    await untilConfirmed(original);
    await expect.poll(() => keysOf(original)).toEqual(all);

    // The restored profile has all edits on disk, too.
    await write(restored, 0, ['after']);
    await untilConfirmed(restored);
    await end(restored);
    const again = await resume(await start(restoredProfile));
    await expect.poll(() => keysOf(again)).toEqual([...all, 'after'].toSorted());
    await untilConfirmed(again);
  } finally {
    for (const context of open) await context.close();
  }
});
