import { join } from 'node:path';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { buildDemo, serveBuilt } from './support/servers.ts';
import { expect, test } from './support/test.ts';

test.describe('a production build on an origin without a relay', () => {
  test.describe.configure({ timeout: 120_000 });

  test('finds the relay that PUBLIC_API_DOMAIN named at build time', async ({ page, relay, world }) => {
    const folder = join(world.directory, 'built-with-domain');
    await buildDemo(folder, `localhost:${relay.port}`);
    const served = await serveBuilt(folder);
    await addAuthenticator(page);
    const dialled: string[] = [];
    page.on('websocket', (socket) => dialled.push(socket.url()));
    const app = createApp(page);
    await app.begin(served.origin, 'Groceries');
    await app.untilStored();
    expect(dialled).toEqual([`ws://localhost:${relay.port}/sync`]);
    await served.close();
  });

  test('connects to the run-time global’s relay, whatever the build names', async ({
    page,
    relay,
    world,
  }) => {
    const folder = join(world.directory, 'built-elsewhere');
    await buildDemo(folder, 'localhost:9');
    const served = await serveBuilt(folder);
    await addAuthenticator(page);
    await page.addInitScript((domain) => {
      globalThis.PUBLIC_API_DOMAIN = domain;
    }, `localhost:${relay.port}`);
    const dialled: string[] = [];
    page.on('websocket', (socket) => dialled.push(socket.url()));
    const app = createApp(page);
    await app.begin(served.origin, 'Groceries');
    await app.untilStored();
    expect(dialled).toEqual([`ws://localhost:${relay.port}/sync`]);
    await served.close();
  });
});
