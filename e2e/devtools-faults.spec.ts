import { beginWithPanel } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

test('the panel takes sync offline, edits wait, and the panel names the cause until the faults are stopped', async ({
  page,
  app,
  relay,
}) => {
  const panel = await beginWithPanel(page, app.origin, relay.port);
  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('textbox', { name: 'Seed' }).fill('4127');
  await panel.getByRole('button', { name: 'Start “Offline”' }).click();
  const banner = panel.getByRole('group', { name: 'Faults' });
  await expect(banner).toContainText('“Offline” · refuses every attempt · seed 4127');
  await page.evaluate(() => bareApp.set('n', 1));
  await panel.getByRole('tab', { name: /Peers/ }).click();
  await expect(panel.getByRole('article')).toContainText(/caused by injected faults|A fault plan broke/);
  expect(await page.evaluate(() => bareApp.state().pending)).toBe(1);
  await panel.getByRole('tab', { name: /Unsynced/ }).click();
  await expect(panel.getByRole('grid', { name: 'Unsynced CoValues' }).locator('[data-id]')).toHaveCount(1);
  await expect(banner).toBeVisible();

  await banner.getByRole('button', { name: 'Stop now' }).click();
  await expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('confirmed');
  await expect(banner).toHaveCount(0);
});
