import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from '@playwright/test';
import { createExpectedError } from '../../scripts/expected-error.mjs';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';

/** @typedef {import('@playwright/test').BrowserContext} BrowserContext */

const origin = 'http://docs.example/';

const looks = /** @type {const} */ ([
  { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
]);

/** Throws if axe finds a fault in a built page. TypeDoc's look alike, so one stands for all; the 404 is VitePress's. @param {string} folder */
export async function checkAccessibility(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const pages = files.filter((file) => /^(?!api\/|404).*\.html$/.test(file)).concat('api/kernel/index.html');
  const browser = await chromium.launch(browserLaunchOptions());
  const found = [];
  try {
    for (const look of looks) {
      // Colours in transition belong to neither theme.
      const context = await browser.newContext({ ...look, reducedMotion: 'reduce' });
      await context.route(`${origin}**`, (route) =>
        route.fulfill({ path: join(folder, new URL(route.request().url()).pathname) }),
      );
      for (const page of pages) found.push(...(await faultsOf(context, page)));
      await context.close();
    }
  } finally {
    await browser.close();
  }
  if (found.length > 0) throw createExpectedError(`axe finds in the pages:\n${found.join('\n')}`);
  console.log(`axe finds nothing wrong with ${pages.length} pages.`);
}

/** @param {BrowserContext} context @param {string} file @returns {Promise<string[]>} */
async function faultsOf(context, file) {
  const page = await context.newPage();
  await page.goto(origin + file, { waitUntil: 'load' });
  const { violations, passes } = await new AxeBuilder({ page }).analyze();
  await page.close();
  if (passes.length < 10) throw createExpectedError(`axe could not judge ${file}.`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${file}, ${id}: ${JSON.stringify(target)} ${failureSummary}`),
  );
}
