import { join } from 'node:path';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { serveBuilt, serveInDev } from './support/servers.ts';
import { expect, test } from './support/test.ts';
import { startWebSocketGate } from './support/websocket-gate.ts';

test.describe.configure({ timeout: 120_000 });

test('behind a proxy that refuses WebSocket, the demo syncs over HTTP, and moves back later', async ({
  page,
  relay,
  world,
}) => {
  const gate = await startWebSocketGate(relay.port);
  const served = await serveBuilt(join(world.directory, 'demo'), gate.port);
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(served.origin, 'Groceries', 'Milk');
  await app.untilStored();
  expect([gate.webSockets, gate.streams]).toEqual([0, 1]);

  // The page retries WebSocket in the background, which the sync line does not show.
  gate.open();
  await expect.poll(() => [gate.webSockets, gate.streams], { timeout: 60_000 }).toEqual([1, 0]);
  await app.addItem('Bread');
  await app.untilStored();

  gate.shut();
  await app.addItem('Butter');
  await expect.poll(() => gate.streams, { timeout: 60_000 }).toBe(1);
  await app.untilStored();

  await page.reload();
  for (const text of ['Milk', 'Bread', 'Butter']) await expect(app.item(text)).toBeVisible();
  await Promise.all([gate.close(), served.close()]);
});

test('the dev server proxies the HTTP channel unbuffered', async ({ page, relay }) => {
  const gate = await startWebSocketGate(relay.port);
  const served = await serveInDev(gate.port);
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(served.origin, 'Groceries', 'Milk');
  await app.untilStored();
  expect([gate.webSockets, gate.streams]).toEqual([0, 1]);
  await Promise.all([gate.close(), served.close()]);
});
