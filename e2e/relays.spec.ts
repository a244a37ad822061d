import type { Page } from '@playwright/test';
import { createPostgresDatabase, isPostgresRunning } from '../test/support/postgres.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { createRelayProcess } from './support/relay-process.ts';
import { freePort, serveBareApp } from './support/servers.ts';
import { expect, test } from './support/test.ts';

const addressOf = (port: number) => `ws://localhost:${port}/sync`;
const state = (page: Page) => page.evaluate(() => bareApp.state());
const read = (page: Page) => page.evaluate(() => bareApp.read());
const set = (page: Page, key: string, value: number) =>
  page.evaluate(([name, number]) => bareApp.set(name, number), [key, value] as const);

test('two browsers on two relays of one PostgreSQL continue after one relay is killed', async ({
  page,
  browser,
  world,
}) => {
  const isRunning = await isPostgresRunning();
  const missing = 'No PostgreSQL answers: start one, or set MAIA_TEST_POSTGRES to its address.';
  if (!isRunning && process.env['CI']) throw new Error(missing);
  test.skip(!isRunning, missing);
  const database = await createPostgresDatabase();
  const { program } = world;
  const relays = [await freePort(), await freePort()].map((port) =>
    createRelayProcess({ program, port, storage: database.url }),
  );
  const [first, second] = relays;
  if (!first || !second) throw new Error('Two were made.');
  for (const relay of relays) await relay.start();
  const served = await serveBareApp();
  const otherContext = await browser.newContext();
  const other = await otherContext.newPage();
  try {
    const addresses = { here: [first, second], there: [second, first] };
    for (const [each, order] of [
      [page, addresses.here],
      [other, addresses.there],
    ] as const) {
      await addAuthenticator(each);
      await each.goto(served.origin);
      await each.waitForFunction(() => 'bareApp' in globalThis);
      await each.evaluate(
        (urls) => bareApp.signUp(urls),
        order.map(({ port }) => addressOf(port)),
      );
    }
    const id = await page.evaluate(() => bareApp.makeMap());
    await expect.poll(() => state(page)).toMatchObject({ status: 'confirmed', pending: 0 });
    await other.evaluate((mapID) => bareApp.openMap(mapID), id);

    await set(page, 'a', 1);
    await expect.poll(() => read(other)).toEqual({ a: 1 });
    await set(other, 'b', 1);
    await expect.poll(() => read(page)).toEqual({ a: 1, b: 1 });
    expect((await state(page)).url).toBe(addressOf(first.port));
    expect((await state(other)).url).toBe(addressOf(second.port));

    for (let n = 2; n <= 20; n++) await set(page, 'a', n);
    await first.kill();
    for (let n = 21; n <= 40; n++) await set(page, 'a', n);
    await set(other, 'b', 2);
    await expect.poll(() => state(page)).toMatchObject({ status: 'confirmed', url: addressOf(second.port) });
    for (const each of [page, other]) await expect.poll(() => read(each)).toEqual({ a: 40, b: 2 });
  } finally {
    await otherContext.close();
    await served.close();
    for (const relay of relays) await relay.stop();
    await database.drop();
  }
});
