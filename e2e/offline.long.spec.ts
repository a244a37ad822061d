import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { recordSyncLines } from './support/sync-lines.ts';
import { expect, test } from './support/test.ts';

test('edits without the relay survive a reload and arrive, and no state claims more meanwhile', async ({
  page,
  relay,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await app.untilStored();

  await relay.stop();
  await expect(app.syncLine).not.toContainText('Stored');
  const lines = await recordSyncLines(page);
  await app.addItem('Milk');
  await expect(app.syncLine).toContainText('Saved on this device');
  expect(await app.rung('Saved on this device')).toContain('all');
  for (const rung of ['Sent to the relay', 'Confirmed by the relay', 'Stored by the relay']) {
    expect(await app.rung(rung)).toContain('waiting');
  }
  await page.reload();
  await app.openList('Groceries');
  await expect(app.item('Milk')).toBeVisible();
  await app.addItem('Eggs');
  await expect(app.syncLine).toContainText('Saved on this device');
  // The list, and the items of both runs.
  for (const rung of ['Sent to the relay', 'Confirmed by the relay', 'Stored by the relay']) {
    expect(await app.rung(rung)).toContain('3 waiting');
  }
  const meanwhile = await lines.read();
  expect(meanwhile.length).toBeGreaterThan(0);
  expect(meanwhile.filter((line) => /Stored|Confirmed|Sent to/.test(line))).toEqual([]);

  await relay.start();
  await app.untilStored();
  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Groceries');
  for (const item of ['Bread', 'Milk', 'Eggs']) await expect(app.item(item)).toBeVisible();
});

test('an account created without a relay reaches it later', async ({ page, relay, origins }) => {
  await relay.stop();
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Made offline');
  await expect(app.syncLine).toContainText('Saved on this device');
  await relay.start();
  await backOnline(page);
  await app.untilStored();
  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Made offline');
});

test('two offline devices: edits of different fields both remain, edits of the same field converge', async ({
  page,
  context,
  relay,
  origins,
}) => {
  await addAuthenticator(page);
  const second = createApp(page);
  await second.begin(origins[0], 'Groceries', 'Bread', 'Milk');
  await second.untilStored();
  await second.open(origins[1]);
  await second.signIn();
  await second.openList('Groceries');
  await expect(second.item('Milk')).toBeVisible();
  const first = createApp(await context.newPage());
  await first.open(origins[0]);
  await first.openList('Groceries');
  await expect(first.item('Milk')).toBeVisible();

  await relay.stop();
  await first.tick('Bread');
  await second.renameItem('Bread', 'Rye bread');
  await first.renameItem('Milk', 'Oat milk');
  await second.renameItem('Milk', 'Whole milk');
  await expect(first.syncLine).toContainText('Saved on this device');
  await expect(second.syncLine).toContainText('Saved on this device');

  await relay.start();
  for (const device of [first, second]) await backOnline(device.page);
  for (const device of [first, second]) {
    await device.untilStored();
    await device.untilTicked('Rye bread');
  }
  const milk = (device: typeof first) =>
    device.page.getByRole('checkbox', { name: /milk/ }).getAttribute('aria-label');
  await expect.poll(async () => (await milk(first)) === (await milk(second))).toBe(true);
  expect(['Oat milk', 'Whole milk']).toContain(await milk(first));
});

test('a relay restarted on its directory still has everything', async ({ page, relay, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await app.untilStored();
  await page.goto('about:blank'); // No client is left that could refill the relay.

  await relay.stop();
  await relay.start();
  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
});

test('a relay that crashes loses nothing that was reported as stored', async ({ page, relay, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Groceries', 'Bread');
  await app.untilStored();
  await relay.kill();
  await page.goto('about:blank');

  await relay.start();
  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Groceries');
  await expect(app.item('Bread')).toBeVisible();
});
