import type { Page } from '@playwright/test';
import { fillStorage } from '../../e2e/support/everything/break-device.ts';
import { noisePicture } from '../../e2e/support/noise-picture.ts';
import { expect, test } from '../../e2e/support/test.ts';
import { fill, openPanel, others, picture } from './filled-demo.ts';

// The pictures of docs/why-not-synced.md, each of a real situation.

test.use({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });

const groceries = { name: 'Groceries', items: ['Bread', 'Coffee', 'Oranges'], done: ['Coffee'] };
const panelIn = (page: Page) => page.getByRole('complementary', { name: 'maia devtools' });
const rows = (page: Page) => page.getByRole('grid', { name: 'Unsynced CoValues' }).locator('[data-id]');

test('why-relay-down.png', async ({ page, relay, devOrigin }) => {
  const app = await fill(page, devOrigin, [...others, groceries]);
  await openPanel(page, 17);
  await relay.stop();
  await app.addItem('Basil');
  await expect(rows(page)).toHaveCount(2);
  await rows(page).first().click();
  await expect(panelIn(page)).toContainText(/Relay not ready for \d\d s: .+, next attempt in \d/, {
    timeout: 60_000,
  });
  await page.screenshot({ path: picture('why-relay-down.png') });
});

test('why-device-full.png', async ({ page, devOrigin }) => {
  const app = await fill(page, devOrigin, [...others, groceries]);
  await openPanel(page, 17);
  await fillStorage(page);
  await app.addItem('Basil');
  await expect(panelIn(page)).toContainText('Not saved on this device: storage is full');
  await rows(page).first().click();
  await page.screenshot({ path: picture('why-device-full.png') });
});

test('why-slow.png', async ({ page, devOrigin }) => {
  const app = await fill(page, devOrigin, [...others, groceries]);
  await openPanel(page, 17);
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Faults/ }).click();
  await panel.getByRole('radio', { name: /Slow 3G/ }).check();
  await panel.getByRole('button', { name: 'Start “Slow 3G”' }).click();
  await panel.getByRole('tab', { name: /Queues/ }).click();
  await app.putPicture('Bread', { name: 'bread.png', mimeType: 'image/png', buffer: noisePicture(900, 700) });
  await expect(app.picture('Bread')).toBeVisible();
  // The plot shows whole seconds, so wait for one to end.
  await expect(panel.getByRole('row', { name: /^Low/ })).toContainText(/\d kB/);
  await expect(panel.getByRole('row', { name: /^Socket buffer/ })).toContainText(/\d kB/);
  await page.screenshot({ path: picture('why-slow.png') });
});

test('messages.png', async ({ page, devOrigin }) => {
  const app = await fill(page, devOrigin, [...others, groceries]);
  await openPanel(page, 14);
  await app.addItem('Basil');
  await app.untilStored();
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Messages/ }).click();
  const content = panel.getByRole('row', { name: /content.*Basil/ }).last();
  await content.click();
  await expect(panel.getByRole('region', { name: /Message/ })).toContainText('Confirmed');
  await page.screenshot({ path: picture('messages.png') });
});
