import type { Locator } from '@playwright/test';
import { createApp, type Upload } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { openPanel } from './support/everything/look-at-panel.ts';
import { backOnline } from './support/network.ts';
import { noisePicture } from './support/noise-picture.ts';
import { expect, test } from './support/test.ts';

interface Pixels {
  readonly size: readonly [width: number, height: number];
  /** A hash of all pixels. */
  readonly hash: string;
  /** Red, green and blue in the middle of each half. */
  readonly halves: readonly (readonly number[])[];
}

const noise = (): Upload => ({ name: 'porch.png', mimeType: 'image/png', buffer: noisePicture(800, 600) });

/** The pixels of the picture as drawn. */
async function pixels(place: Locator): Promise<Pixels> {
  await expect(place).toBeVisible();
  return place.locator('img').evaluate(async (element) => {
    const image = element as HTMLImageElement;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context?.drawImage(image, 0, 0);
    const data = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
    const at = (x: number) => [...data.slice((((height / 2) | 0) * width + (x | 0)) * 4).slice(0, 3)];
    return { size: [width, height], hash: hash.join(' '), halves: [at(width / 4), at((width * 3) / 4)] };
  });
}

test('a second device sees the same picture, pixel by pixel, and its later changes', async ({
  page,
  context,
  origins,
}) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Cabin weekend', 'Firewood', 'Fix the porch step');
  await app.putPicture('Fix the porch step', noise());
  const first = await pixels(app.picture('Fix the porch step'));
  expect(first.size).toEqual([800, 600]);
  const [left = [], right = []] = first.halves;
  expect(left[0]).toBeGreaterThan((left[2] ?? 0) + 60); // Red.
  expect(right[2]).toBeGreaterThan((right[0] ?? 0) + 60); // Blue.
  await app.untilStored();

  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Cabin weekend');
  expect(await pixels(app.picture('Fix the porch step'))).toEqual(first);
  await expect(app.picture('Firewood')).toHaveCount(0);

  const other = await context.newPage();
  const back = createApp(other);
  await back.open(origins[0]);
  await back.openList('Cabin weekend');
  const smaller = { ...noise(), buffer: noisePicture(300, 200) };
  await app.putPicture('Fix the porch step', smaller);
  await expect(page.getByText('Picture replaced')).toBeVisible();
  await expect.poll(async () => (await pixels(back.picture('Fix the porch step'))).size).toEqual([300, 200]);

  await back.picture('Fix the porch step').click();
  const sheet = other.getByRole('dialog', { name: 'Fix the porch step' });
  await expect(sheet.getByRole('img', { name: 'Fix the porch step' })).toBeVisible();
  await sheet.getByRole('button', { name: 'Remove picture' }).click();
  await expect(app.picture('Fix the porch step')).toHaveCount(0);
  await other.getByRole('button', { name: 'Undo' }).click();
  await expect(app.picture('Fix the porch step')).toBeVisible();
});

test('a picture added without the relay survives a reload, and arrives', async ({ page, relay, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Cabin weekend', 'Firewood');
  await app.untilStored();
  await relay.stop();
  await app.putPicture('Firewood', noise());
  const first = await pixels(app.picture('Firewood'));
  await expect(app.syncLine).toContainText('Saved on this device');
  await page.reload();
  await app.openList('Cabin weekend');
  expect(await pixels(app.picture('Firewood'))).toEqual(first);
  await relay.start();
  await backOnline(page);
  await app.untilStored();
  await app.open(origins[1]);
  await app.signIn();
  await app.openList('Cabin weekend');
  expect(await pixels(app.picture('Firewood'))).toEqual(first);
});

test('a file that is not a picture is refused with an explanation', async ({ page, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Cabin weekend', 'Firewood');
  await app.untilStored();
  const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('Milk') };
  const broken = { name: 'porch.png', mimeType: 'image/png', buffer: noisePicture(80, 60).subarray(0, 40) };
  const problem = page.getByRole('list', { name: 'Items' }).getByRole('alert');
  await app.putPicture('Firewood', text);
  await expect(problem).toContainText('“notes.txt” is not a picture');
  await expect(problem).toContainText('Nothing was changed.');
  await app.putPicture('Firewood', broken);
  await expect(problem).toContainText('This browser cannot open “porch.png”');
  await expect(app.syncLine).toContainText('Stored by the relay');
  await expect(app.picture('Firewood')).toHaveCount(0);

  const chooser = page.waitForEvent('filechooser');
  await problem.getByRole('button', { name: 'Choose another' }).click();
  await (await chooser).setFiles(noise());
  await expect(app.picture('Firewood')).toBeVisible();
  await expect(problem).toHaveCount(0);
});

test('a picture creates a new item', async ({ page, origins }) => {
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Cabin weekend');
  await page.getByRole('textbox', { name: 'New item' }).fill('Firewood');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add an item with a picture' }).click();
  await (await chooser).setFiles(noise());
  await expect(app.picture('Firewood')).toBeVisible();
  await expect(app.item('Firewood')).toHaveCount(1);
});

test('on a phone, the toolbar of the edited item adds a picture', async ({ page, origins }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(origins[0], 'Cabin weekend', 'Firewood');
  await page.getByRole('button', { name: 'Firewood', exact: true }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('toolbar').getByRole('button', { name: 'Add a picture' }).click();
  await (await chooser).setFiles(noise());
  await expect(app.picture('Firewood')).toBeVisible();
});

test('pictures travel with low priority, which the panel shows', async ({ page, devOrigin }) => {
  test.slow(); // The dev server has to serve a few hundred modules.
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Cabin weekend', 'Firewood');
  await app.untilStored();
  await openPanel(page);
  const panel = page.getByRole('complementary', { name: 'maia devtools' });
  await panel.getByRole('tab', { name: /Queues/ }).click();
  const lanes = panel.getByRole('table', { name: 'Queues by priority' });
  const low = lanes.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Low' }) });
  await expect(low.getByLabel('Peak in the last two minutes: 0 sent/s', { exact: true })).toBeVisible();
  await app.putPicture('Firewood', noise());
  await expect(low.getByLabel(/^Peak in the last two minutes: [1-9]/)).toBeVisible();
});
