import type { Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import type { RelayProcess } from './support/relay-process.ts';
import type { Served } from './support/servers.ts';
import { addStorageFaults, type StorageFault } from './support/storage-faults.ts';
import { expect, test as base } from './support/test.ts';

// While this device cannot save, an edit still reaches the relay and another device, and it is saved once
// that is possible.

interface Fixtures {
  readonly other: Page;
  readonly url: string;
}
const test = base.extend<Fixtures>({
  url: async ({ relay }, use) => {
    await use(`ws://localhost:${relay.port}/sync`);
  },
  /** Another user’s device. */
  other: async ({ browser, app, url }, use) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await addAuthenticator(page);
    await load(page, app);
    await signUp(page, url);
    await use(page);
    await context.close();
  },
});

const ready = (page: Page) => page.waitForFunction(() => 'bareApp' in globalThis);
async function load(page: Page, { origin }: Served): Promise<void> {
  await page.goto(origin);
  await ready(page);
}

const state = (page: Page) => page.evaluate(() => bareApp.state());
const read = (page: Page) => page.evaluate(() => bareApp.read());
const set = (page: Page, key: string) => page.evaluate((name) => bareApp.set(name, 1), key);
const openMap = (page: Page, id: string) => page.evaluate((mapID) => bareApp.openMap(mapID), id);
const signUp = (page: Page, url: string) => page.evaluate((address) => bareApp.signUp([address]), url);
const resume = (page: Page, url: string) => page.evaluate((address) => bareApp.resume([address]), url);
const kept = { storage: { state: 'ok' }, unsaved: 0 };
const confirmed = { known: true, pending: 0 };

/** Loads the page again, opens the account and the map, and expects these words. */
async function reopen(
  page: Page,
  url: string,
  id: string,
  words: Readonly<Record<string, number>>,
): Promise<void> {
  await page.reload();
  await ready(page);
  await resume(page, url);
  await openMap(page, id);
  expect(await read(page)).toEqual(words);
}

/** Expects the page's own storage to have these words, and to remember whether the relay at `url` has confirmed them. */
async function expectKept(
  { page, relay, url }: { readonly page: Page; readonly relay: RelayProcess; readonly url: string },
  id: string,
  words: Readonly<Record<string, number>>,
): Promise<void> {
  await relay.stop();
  await reopen(page, url, id, words);
  await expect.poll(() => state(page)).toMatchObject(kept);
  // What the relay confirmed before the content was saved may have to be asked again.
  await relay.start();
  await reopen(page, url, id, words);
  await expect.poll(() => state(page)).toMatchObject({ ...kept, ...confirmed });
  await page.evaluate(() => bareApp.close()); // A reload could interrupt the write of what is confirmed.
  await relay.stop();
  await reopen(page, url, id, words);
  await expect.poll(() => state(page)).toMatchObject({ ...kept, ...confirmed });
  // A relay that was never reached has confirmed nothing.
  await reopen(page, 'ws://localhost:1/sync', id, words);
  await expect.poll(() => state(page)).toMatchObject({ ...kept, error: 'RELAY_UNREACHABLE' });
  const { status, known } = await state(page);
  expect([status, known]).toEqual(['connecting', false]);
}

const codes: Readonly<Record<Exclude<StorageFault, 'refused'>, string>> = {
  full: 'STORAGE_FULL',
  closed: 'STORAGE_CLOSED',
  deleted: 'STORAGE_CLOSED',
  upgraded: 'STORAGE_TOO_NEW',
};

for (const [name, code] of Object.entries(codes)) {
  const fault = name as StorageFault;
  test(`an edit arrives although the database is ${fault}, and is saved afterwards`, async ({
    page,
    app,
    other,
    url,
    relay,
  }) => {
    await addStorageFaults(page);
    await addAuthenticator(page);
    await load(page, app);
    await signUp(page, url);
    const id = await page.evaluate(() => bareApp.makeMap());
    await set(page, 'before');
    await expect.poll(() => state(page)).toMatchObject({ ...kept, ...confirmed });
    await openMap(other, id);

    await page.evaluate((which) => storageFaults.begin(which), fault);
    await set(page, 'meanwhile');
    await expect.poll(() => read(other)).toEqual({ before: 1, meanwhile: 1 });
    await expect
      .poll(() => state(page))
      .toMatchObject({ storage: { state: 'failing', code }, unsaved: 1, ...confirmed });
    // Content from other devices arrives, too.
    await set(other, 'theirs');
    const words = { before: 1, meanwhile: 1, theirs: 1 };
    await expect.poll(() => read(page)).toEqual(words);
    expect(await state(page)).toMatchObject({ storage: { state: 'failing', code } });

    await page.evaluate(() => storageFaults.end());
    await expect.poll(() => state(page)).toMatchObject({ ...kept, ...confirmed });
    await expectKept({ page, relay, url }, id, words);
  });
}

test('an edit arrives although the browser denies any database, and the next start saves it', async ({
  page,
  app,
  other,
  url,
  relay,
}) => {
  await addStorageFaults(page);
  await addAuthenticator(page);
  await load(page, app);
  await page.evaluate(() => storageFaults.begin('refused'));
  await signUp(page, url);
  const id = await page.evaluate(() => bareApp.makeMap());
  await set(page, 'meanwhile');
  await expect
    .poll(() => state(page))
    .toMatchObject({ storage: { state: 'memory-only', code: 'STORAGE_UNAVAILABLE' }, ...confirmed });
  await openMap(other, id);
  await expect.poll(() => read(other)).toEqual({ meanwhile: 1 });

  await page.reload();
  await ready(page);
  await resume(page, url);
  await openMap(page, id);
  await expect.poll(() => state(page)).toMatchObject({ ...kept, ...confirmed });
  await expectKept({ page, relay, url }, id, { meanwhile: 1 });
});
