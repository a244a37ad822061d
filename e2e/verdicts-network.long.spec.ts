import { browserLaunchOptions } from '../scripts/find-browser.mjs';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn } from './support/devtools-page.ts';
import { startLineToRelay } from './support/line-to-relay.ts';
import { expect, test } from './support/test.ts';
import { arrived, begin, edit, editMuch, expectVerdict } from './support/verdicts.ts';

// More than a loopback connection buffers at both ends, and more than the kernel hands to its socket.
const much = [120, 90_000] as const;

test('a browser without a network', async ({ playwright, app, relay }) => {
  // A relay on this machine is reachable without a network, so only a host name makes the browser count as
  // offline.
  const { args, ...options } = browserLaunchOptions();
  const browser = await playwright.chromium.launch({
    ...options,
    args: [...args, '--host-resolver-rules=MAP relay.test 127.0.0.1'],
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  await addAuthenticator(page);
  await openDevtoolsPage(page, app.origin, { open: true });
  await page.evaluate((url) => bareApp.signUp([url]), `ws://relay.test:${relay.port}/sync`);
  await page.evaluate(() => void bareApp.makeMap());
  await arrived(page);
  await page.evaluate(() => devtools.inspect());

  await context.setOffline(true);
  await edit(page);
  await expectVerdict(
    panelIn(page),
    /^Offline for .+, next attempt when the network returns$/,
    /automatically/,
  );
  await context.setOffline(false);
  await arrived(page);
  await browser.close();
});

test('an edit behind many others', async ({ page, app, relay }) => {
  const line = await startLineToRelay(relay.port);
  const panel = await begin(page, app.origin, line.port);
  line.hold();
  await editMuch(page, ...much);
  await expectVerdict(panel, /^Not sent: \d+ messages queued for localhost:\d+$/, /Queues/);
  await panel.getByRole('tab', { name: /Queues/ }).click();
  await expect(panel.getByRole('tabpanel', { name: /Queues/ })).toContainText(/MB/);
  line.goOn();
  await arrived(page);
  await line.close();
});

test('a relay that requests a correction because earlier content was lost on the way', async ({
  page,
  app,
  relay,
}) => {
  const line = await startLineToRelay(relay.port);
  const panel = await begin(page, app.origin, line.port);
  line.lose(true);
  // Twice as much: reading so much lets the system grow the buffers of this connection.
  await editMuch(page, ...much);
  await editMuch(page, ...much);
  await expect.poll(() => page.evaluate(() => bareApp.state().unsent)).toBe(0);
  line.lose(false);
  // The correction is as long as everything that was lost, and does not get through.
  line.onceSaid('"isCorrection":true', () => line.hold());
  await edit(page);
  await expectVerdict(panel, /^Resending: localhost:\d+ requested it$/, /check Queues and Peers/);
  line.goOn();
  await arrived(page);
  await line.close();
});
