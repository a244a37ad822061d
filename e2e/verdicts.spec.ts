import type { Locator, Page, WebSocketRoute } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn, signUpThere } from './support/devtools-page.ts';
import { addStorageFaults } from './support/storage-faults.ts';
import { expect, test } from './support/test.ts';

/** What the panel says of the one CoValue that waits: the verdict, and what to do. */
async function expectVerdict(panel: Locator, verdict: RegExp, next: RegExp): Promise<void> {
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  const details = panel.getByRole('region', { name: /^Details of/ });
  await expect(details).toContainText(verdict);
  await expect(details.locator('.next')).toContainText(next);
}

async function begin(page: Page, origin: string, relayPort: number): Promise<Locator> {
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true });
  await signUpThere(page, relayPort);
  return panelIn(page);
}

/** All that goes between the page and the relay passes these, which may change it, or keep it by answering undefined. */
async function stand(
  page: Page,
  between: {
    up?(frame: string, socket: WebSocketRoute): string | undefined;
    down?(frame: string): string | undefined;
  },
): Promise<void> {
  await page.routeWebSocket(/\/sync/, (socket) => {
    const relay = socket.connectToServer();
    socket.onMessage((message) => {
      const frame = between.up ? between.up(String(message), socket) : message;
      if (frame !== undefined) relay.send(frame);
    });
    relay.onMessage((message) => {
      const frame = between.down ? between.down(String(message)) : message;
      if (frame !== undefined) socket.send(frame);
    });
  });
}

const edit = (page: Page, key = 'n') => page.evaluate((name) => bareApp.set(name, 1), key);
const mapID = (page: Page) => page.evaluate(() => bareApp.makeMap());
const arrived = (page: Page) =>
  expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('confirmed');

test('paused', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await panel.getByRole('button', { name: 'Pause sync' }).first().click();
  await edit(page);
  await expectVerdict(panel, /Paused/, /Resume/);
  await panel.getByRole('button', { name: 'Resume', exact: true }).click();
  await arrived(page);
});

test('a relay that is down', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await relay.stop();
  await edit(page);
  await expectVerdict(panel, /Not connected for .+, next attempt/, /relay/);
  await relay.start();
  await panel.getByRole('button', { name: 'Try now' }).click();
  await arrived(page);
});

test('a relay that does not answer', async ({ page, app, relay }) => {
  let isSilent = false;
  await stand(page, {
    down: (frame) => (isSilent && frame.includes('"action":"known"') ? undefined : frame),
  });
  const panel = await begin(page, app.origin, relay.port);
  isSilent = true;
  await edit(page);
  await expectVerdict(panel, /Sent .+ ago, not confirmed by localhost:\d+ yet/, /Wait for the relay/);
});

test('a relay that refuses it', async ({ page, app, relay }) => {
  const refused = new Set<string>();
  await stand(page, {
    up(frame, socket) {
      const id = [...refused].find((each) => frame.includes(each));
      if (id === undefined || !frame.includes('"action":"content"')) return frame;
      socket.send(
        JSON.stringify({
          maia: 'refused',
          code: 'forbidden',
          id,
          reason: 'not yours',
          closing: false,
        }),
      );
      return undefined;
    },
  });
  const panel = await begin(page, app.origin, relay.port);
  const id = await mapID(page);
  await arrived(page);
  refused.add(id);
  await edit(page);
  await expectVerdict(panel, /Refused by localhost:\d+: forbidden/, /./);
});

test('an edit that is larger than the relay takes', async ({ page, app, relay }) => {
  await stand(page, {
    down: (frame) => frame.replace(/"messageBytes":\d+/, '"messageBytes":20000'),
  });
  const panel = await begin(page, app.origin, relay.port);
  await edit(page, 'k'.repeat(30_000));
  await expectVerdict(panel, /Not sent to localhost:\d+: larger than a relay takes/, /./);
});

test('a device that is full', async ({ page, app, relay }) => {
  await addStorageFaults(page);
  const panel = await begin(page, app.origin, relay.port);
  await page.evaluate(() => storageFaults.begin('full'));
  await edit(page);
  await expectVerdict(panel, /Not saved on this device: storage is full/, /./);
  await page.evaluate(() => storageFaults.end());
  await expect.poll(() => page.evaluate(() => bareApp.state().unsaved)).toBe(0);
});

test('a slow network', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('radio', { name: /Slow 3G/ }).check();
  await panel.getByRole('button', { name: 'Start “Slow 3G”' }).click();
  await expect(panel.getByRole('group', { name: 'Faults' })).toContainText('Slow 3G');
  await arrived(page);
  await edit(page, 'k'.repeat(600_000));
  await expectVerdict(panel, /Not sent: .+ left in the socket to localhost/, /Queues/);
});
