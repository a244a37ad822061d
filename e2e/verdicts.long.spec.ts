import { openDevtoolsPage, relayURL } from './support/devtools-page.ts';
import { holdDatabase } from './support/held-database.ts';
import { addStorageFaults } from './support/storage-faults.ts';
import { expect, test } from './support/test.ts';
import {
  arrived,
  begin,
  beginWithoutSync,
  edit,
  expectVerdict,
  expectVerdictOf,
  stand,
} from './support/verdicts.ts';

test('sync that is switched off', async ({ page, app, relay }) => {
  const panel = await beginWithoutSync(page, app.origin);
  await page.evaluate(() => void bareApp.makeMap());
  await edit(page);
  await expectVerdict(panel, /^Sync is switched off$/, /`setupSyncPeers\(\{ node, url \}\)`/);
  await page.evaluate((url) => bareApp.connect(url), relayURL(relay.port));
  await arrived(page);
});

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
  await expectVerdict(
    panel,
    /nothing at localhost:\d+ answers this page, (next attempt|attempt \d)/,
    /relay/,
    {
      cause: 'unreachable',
    },
  );
  await relay.start();
  // On a slow machine the next attempt may start before the click, and then there is nothing to retry.
  const tryNow = panel.getByRole('button', { name: 'Try now' });
  await expect(async () => {
    if (await tryNow.isVisible()) await tryNow.click({ timeout: 1_000 });
    await expect(tryNow).toBeHidden({ timeout: 1_000 });
  }).toPass();
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
  await expectVerdict(panel, /Sent .+ ago, not yet confirmed by localhost:\d+/, /Wait for the relay/);
  isSilent = false;
  await arrived(page);
});

test('a relay that refuses the edit', async ({ page, app, relay }) => {
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
  const id = await page.evaluate(() => bareApp.makeMap());
  await arrived(page);
  refused.add(id);
  await edit(page);
  await expectVerdict(
    panel,
    /^Refused by localhost:\d+ \(forbidden\): not yours$/,
    /Ask the relay’s operator.+ Then pause and resume sync/,
  );
  refused.clear();
  await panel.getByRole('button', { name: 'Pause sync' }).first().click();
  await panel.getByRole('button', { name: 'Resume sync' }).first().click();
  await arrived(page);
});

test('a device that is full', async ({ page, app, relay }) => {
  await addStorageFaults(page);
  const panel = await begin(page, app.origin, relay.port);
  await page.evaluate(() => storageFaults.begin('full'));
  await edit(page);
  await expectVerdict(panel, /Not saved on this device: storage is full/, /Free some space/);
  await page.evaluate(() => storageFaults.end());
  await expect.poll(() => page.evaluate(() => bareApp.state().unsaved)).toBe(0);
});

test('a device that writes slowly because another tab holds its database', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  const { letGo } = await holdDatabase(page);
  const id = await page.evaluate(() => bareApp.makeMap());
  await edit(page);
  await expectVerdictOf(panel, id, /^Being saved on this device$/, /another tab/);
  await letGo();
  await expect.poll(() => page.evaluate(() => bareApp.state().unsaved)).toBe(0);
});

test('content from the relay that fails verification, after which nothing more of it is sent', async ({
  page,
  browser,
  app,
  relay,
}) => {
  const other = await (await browser.newContext()).newPage();
  await begin(other, app.origin, relay.port);
  const id = await other.evaluate(() => bareApp.makeMap());
  await arrived(other);
  let isBroken = false;
  await stand(page, {
    // Changes a digit in signed content.
    down: (frame) => (isBroken ? frame.replace(/"madeAt":\d/, '"madeAt":9') : frame),
  });
  const panel = await begin(page, app.origin, relay.port);
  await page.evaluate((shared) => bareApp.openMap(shared), id);
  isBroken = true;
  await edit(other, 'from elsewhere');
  await expect.poll(() => page.evaluate((shared) => bareApp.isSkipped(shared), id)).toBe(true);
  await edit(page);
  await expectVerdict(panel, /^Skipped: cojson could not read what localhost:\d+ sent$/, /Reload the page/);

  isBroken = false;
  await openDevtoolsPage(page, app.origin, { open: true });
  await page.evaluate((url) => bareApp.resume([url]), relayURL(relay.port));
  await arrived(page);
  await expect.poll(() => other.evaluate(() => bareApp.read())).toEqual({ 'from elsewhere': 1, n: 1 });
  await other.context().close();
});

test('a slow network', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('radio', { name: /Slow 3G/ }).check();
  await panel.getByRole('button', { name: 'Start “Slow 3G”' }).click();
  await expect(panel.getByRole('group', { name: 'Faults' })).toContainText('Slow 3G');
  await arrived(page);
  await edit(page, 'k'.repeat(600_000));
  await expectVerdict(panel, /Not sent: .+ still in the socket to localhost/, /Queues/);
  await panel.getByRole('button', { name: 'Stop now' }).click();
  await arrived(page);
});
