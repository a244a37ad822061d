import { join } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { createRelayProcess, type RelayProcess } from './support/relay-process.ts';
import { freePort, serveBareApp, type Served } from './support/servers.ts';
import { workerNetworkOf } from './support/service-worker.ts';
import { expect, test as base } from './support/test.ts';

interface Place {
  readonly relay: RelayProcess;
  readonly url: string;
  readonly app: Served;
}

const test = base.extend<{ open: (environment?: Readonly<Record<string, string>>) => Promise<Place> }>({
  open: async ({ world }, use) => {
    const ends: (() => Promise<void>)[] = [];
    await use(async (environment = {}) => {
      const port = await freePort();
      const storage = `pglite:${join(world.directory, `delivery-${port}.db`)}`;
      const relay = createRelayProcess({ program: world.program, port, storage, environment });
      await relay.start();
      const app = await serveBareApp();
      ends.push(relay.stop, app.close);
      return { relay, url: `ws://localhost:${port}/sync`, app };
    });
    for (const end of ends) await end();
  },
});

async function goTo(page: Page, { app }: Place): Promise<void> {
  await page.goto(`${app.origin}/delivery.html`);
  await page.waitForFunction(() => 'deliveryApp' in globalThis);
}

async function untilConfirmed(page: Page): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => bareApp.state()))
    .toMatchObject({ status: 'confirmed', known: true, pending: 0 });
}

/** Of another person, who sees what the relay has. */
async function openReader(context: BrowserContext, place: Place, id: string): Promise<Page> {
  const page = await context.newPage();
  await addAuthenticator(page);
  await goTo(page, place);
  await page.evaluate((url) => deliveryApp.signUp(url), place.url);
  await untilConfirmed(page);
  await page.evaluate((mapID) => bareApp.openMap(mapID), id);
  return page;
}

/** Whether tabs have written down where to send, with the relay's answer about a ticket. */
function planOf(page: Page): Promise<unknown> {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('maia-deliveries');
        opening.onsuccess = () => {
          const db = opening.result;
          const request = db.transaction('plans').objectStore('plans').getAll();
          request.onsuccess = () => {
            db.close();
            const [plan] = request.result as { relays: { ticket?: { token?: string } }[] }[];
            resolve(plan?.relays.map(({ ticket }) => ticket && (ticket.token?.split('.')[0] ?? 'none')));
          };
          request.onerror = () => resolve(undefined);
        };
        opening.onupgradeneeded = () => opening.transaction?.abort();
        opening.onerror = () => resolve(undefined);
      }),
  );
}

for (const [relayOf, environment, ticket] of [
  ['a relay that lets anyone in', {}, 'none'],
  ['a relay that asks for account proofs', { SYNC_MAIA_ACCOUNT_AUTH: 'true' }, 'maia1-push'],
] as const) {
  test(`[DELIV-1] what is edited offline reaches ${relayOf} after the last tab, and the next start sends nothing again`, async ({
    page,
    context,
    browser,
    open,
  }) => {
    const place = await open(environment);
    const { relay, url, app } = place;
    await addAuthenticator(page);
    await goTo(page, place);
    await page.evaluate((to) => deliveryApp.signUp(to), url);
    const id = await page.evaluate(() => bareApp.makeMap());
    await page.evaluate(() => bareApp.set('online', 1));
    await untilConfirmed(page);
    await expect.poll(() => planOf(page)).toEqual([ticket]);
    const network = await workerNetworkOf(browser, app.origin);

    await relay.stop();
    await network.setOffline(true);
    await page.evaluate(() => bareApp.set('offline', 2));
    await page.evaluate(() => bareApp.set('offline', 3));
    const other = await page.evaluate(() => {
      const made = bareApp.makeMap();
      bareApp.set('new', 4);
      return made;
    });
    await expect.poll(() => page.evaluate(() => bareApp.state().unsaved)).toBe(0);
    await expect
      .poll(() =>
        page.evaluate(async () =>
          (
            (await navigator.serviceWorker.ready) as unknown as { sync: { getTags(): Promise<string[]> } }
          ).sync.getTags(),
        ),
      )
      .toEqual(['maia/delivery']);
    expect(await page.evaluate(() => bareApp.state())).toMatchObject({ known: true, pending: 3 });
    await page.close();
    await relay.start();
    const readerContext = await browser.newContext();
    const reader = await openReader(readerContext, place, id);
    expect(await reader.evaluate(() => bareApp.read())).toEqual({ online: 1 });

    await network.setOffline(false);
    await expect
      .poll(() => reader.evaluate(() => bareApp.read()), { timeout: 60_000 })
      .toEqual({ online: 1, offline: 3 });
    await reader.evaluate((mapID) => bareApp.openMap(mapID), other);
    expect(await reader.evaluate(() => bareApp.read())).toEqual({ new: 4 });

    const next = await context.newPage();
    const sent: string[] = [];
    next.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => sent.push(...String(payload).split('\n'))),
    );
    await goTo(next, place);
    await next.evaluate((to) => deliveryApp.resume(to), url);
    await untilConfirmed(next);
    for (const made of [id, other]) {
      expect(sent.filter((line) => line.startsWith(`{"action":"load","id":"${made}"`))).not.toEqual([]);
      expect(sent.filter((line) => line.startsWith(`{"action":"content","id":"${made}"`))).toEqual([]);
    }
    await readerContext.close();
  });
}
