import { browserLaunchOptions } from '../scripts/find-browser.mjs';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn } from './support/devtools-page.ts';
import { startLineToRelay } from './support/line-to-relay.ts';
import { expect, test } from './support/test.ts';
import { arrived, begin, edit, editMuch, expectVerdict } from './support/verdicts.ts';

// More than the two ends of a connection on one machine keep for each other, and than the kernel gives its socket.
const much = [120, 90_000] as const;

test('a browser without a network', async ({ playwright, app, relay }) => {
  // A relay on this machine is there without a network, too; only its name says so.
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
    /^Offline for .+, next attempt when the browser has a network$/,
    /by itself/,
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

test('a relay that asks for it again, as what came before was lost on the way', async ({
  page,
  app,
  relay,
}) => {
  const line = await startLineToRelay(relay.port);
  const panel = await begin(page, app.origin, line.port);
  line.lose(true);
  await editMuch(page, ...much);
  await expect.poll(() => page.evaluate(() => bareApp.state().unsent)).toBe(0);
  line.lose(false);
  // The answer to it is as long as all that was lost, and does not get through.
  line.onceSaid('"isCorrection":true', () => line.hold());
  await edit(page);
  await expectVerdict(panel, /^Being sent again: localhost:\d+ asked for it$/, /look at Queues and Peers/);
  line.goOn();
  await arrived(page);
  await line.close();
});
