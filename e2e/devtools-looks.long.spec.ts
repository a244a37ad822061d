import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { panelIn } from './support/devtools-page.ts';
import { expect, test } from './support/test.ts';

/*
 * Compares each view with the pictures in `devtools-looks.long.spec.ts-snapshots`. Ages, IDs and plots
 * differ from run to run, so a share of the pixels may differ. After a visual change, look at the new
 * pictures: `npx playwright test --config test/long/playwright.config.ts devtools-looks
 * --update-snapshots`.
 */
/** The width of these words, in pixels, in the font of the stored pictures. */
const words = 'Not connected for 12 s, next attempt in 3 s';
const widthOfWords = 259.6;

test.use({ viewport: { width: 1280, height: 800 } });

test('each view looks as it did', async ({ page, devOrigin }) => {
  test.slow();
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await addAuthenticator(page);
  const app = createApp(page);
  await app.begin(devOrigin, 'Groceries', 'Bread');
  await app.untilStored();
  const width = await page.evaluate((text) => {
    const context = document.createElement('canvas').getContext('2d');
    if (!context) throw new Error('There is no canvas to measure words with.');
    context.font = '12px system-ui';
    return context.measureText(text).width;
  }, words);
  test.skip(
    Math.abs(width - widthOfWords) > 0.5,
    `The pictures were made with other fonts: the words are ${width} px wide here, and ${widthOfWords} there.`,
  );
  await page.getByRole('heading', { name: 'Groceries' }).click(); // A focused text field would block the hotkey.
  await page.keyboard.press('Alt+Shift+KeyM');
  const panel = panelIn(page);
  // A state whose text does not count seconds.
  await panel.getByTitle('Pause sync').click();
  await app.addItem('Milk');
  await panel.locator('[data-id]').first().click();
  const views = await panel.getByRole('tablist', { name: 'Views' }).getByRole('tab').all();
  expect(views).toHaveLength(9);
  for (const view of views) {
    await view.click();
    const [name = ''] = (await view.innerText()).split('\n');
    await expect
      .soft(panel)
      .toHaveScreenshot(`${name}.png`, { maxDiffPixelRatio: 0.025, threshold: 0.2, timeout: 5_000 });
  }
});
