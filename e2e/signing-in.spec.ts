import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createSigningKey, keySetOf, signToken } from '../test/support/auth/signing-key.ts';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { createRelayProcess } from './support/relay-process.ts';
import { freePort, serveBareApp, serveBuilt } from './support/servers.ts';
import { expect, test as base } from './support/test.ts';

/** A relay of the test, which lets in only clients that sign in. */
const test = base.extend<{ startAsking: (environment: Readonly<Record<string, string>>) => Promise<number> }>(
  {
    startAsking: async ({ world }, use) => {
      const stops: (() => Promise<void>)[] = [];
      await use(async (environment) => {
        const port = await freePort();
        const relay = createRelayProcess({
          ...{ program: world.program, port, environment },
          storage: `pglite:${join(world.directory, `asking-${port}.db`)}`,
        });
        stops.push(relay.stop);
        await relay.start();
        return port;
      });
      for (const stop of stops) await stop();
    },
  },
);

test('[CONN-20] a token that is renewed in the middle of editing loses nothing and makes no new connection', async ({
  page,
  browser,
  startAsking,
}) => {
  const key = await createSigningKey('key');
  const keySet = JSON.stringify(await keySetOf(key));
  const identity = createServer((_, response) => void response.end(keySet)).listen(0, '127.0.0.1');
  await once(identity, 'listening');
  const { port: identityPort } = identity.address() as AddressInfo;
  const port = await startAsking({ JWKS_URL: `http://127.0.0.1:${identityPort}/keys` });
  const url = `ws://localhost:${port}/sync`;
  const served = await serveBareApp();
  const otherContext = await browser.newContext();
  const other = await otherContext.newPage();
  let tokens = 0;
  let connections = 0;
  page.on('websocket', (socket) => {
    if (socket.url() === url) connections++;
  });
  try {
    // It is renewed after 10.4 s.
    const validS = new Map([
      [page, 13],
      [other, 3_600],
    ]);
    for (const each of [page, other]) {
      await addAuthenticator(each);
      await each.exposeFunction('relayToken', () => {
        if (each === page) tokens++;
        return signToken(key, { exp: Math.floor(Date.now() / 1_000) + (validS.get(each) ?? 0) });
      });
      await each.goto(served.origin);
      await each.waitForFunction(() => 'bareApp' in globalThis);
      await each.evaluate((to) => bareApp.signUpWithTokens(to), url);
    }
    const id = await page.evaluate(() => bareApp.makeMap());
    let edits = 0;
    await expect
      .poll(
        async () => {
          await page.evaluate((number) => bareApp.set(`edit ${number}`, number), edits++);
          return tokens;
        },
        { intervals: [50], timeout: 40_000 },
      )
      .toBe(2);
    await page.evaluate((number) => bareApp.set(`edit ${number}`, number), edits++);
    await expect
      .poll(() => page.evaluate(() => bareApp.state()))
      .toMatchObject({ status: 'confirmed', pending: 0 });
    expect(connections).toBe(1);
    await other.evaluate((mapID) => bareApp.openMap(mapID), id);
    const written = Object.fromEntries(
      Array.from({ length: edits }, (_, number) => [`edit ${number}`, number]),
    );
    await expect.poll(() => other.evaluate(() => bareApp.read())).toEqual(written);
  } finally {
    await otherContext.close();
    await served.close();
    identity.close();
  }
});

test('[CONN-21] a new device signs in by passkey at a relay that asks for account proofs', async ({
  page,
  world,
  startAsking,
}) => {
  const port = await startAsking({ SYNC_MAIA_ACCOUNT_AUTH: 'true' });
  const demo = join(world.directory, 'demo');
  const devices = [await serveBuilt(demo, port), await serveBuilt(demo, port)] as const;
  try {
    await addAuthenticator(page);
    const app = createApp(page);
    await app.begin(devices[0].origin, 'Groceries', 'Bread');
    await app.untilStored();
    await app.open(devices[1].origin);
    await app.signIn();
    await app.openList('Groceries');
    await expect(app.item('Bread')).toBeVisible();
    await app.addItem('Milk');
    await app.untilStored();
  } finally {
    for (const device of devices) await device.close();
  }
});
