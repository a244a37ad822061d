import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { expectSoon as expect } from './expect-soon.mjs';
import { run } from './run.mjs';
import { serveBuild } from './serve-build.mjs';
import { importTestHelpers } from './sign-up.mjs';
import { withRelay } from './with-relay.mjs';

/**
 * @typedef {object} ListApp what is special in it
 * @property {string} [kernel] the name by which it imports the kernel
 * @property {string} [anasButton] how one of the two signs up; the other one has a passkey
 * @property {number} [panels] how many panels each page has
 */

/**
 * Builds an app that `init` made, and shares its list between two people in Chromium, until the relay has everything.
 * @param {string} app its folder @param {ListApp} [options]
 */
export async function shareList(app, options) {
  await withRelay(app, async (relay) => {
    run('npm', ['run', 'build'], { cwd: app, env: { PUBLIC_API_DOMAIN: relay } });
    await shareBuild(app, join(app, 'dist'), relay, options);
  });
}

/**
 * The same with a finished build. @param {string} app @param {string} folder @param {string} relay the host that it connects to
 * @param {ListApp} [options]
 */
export async function shareBuild(app, folder, relay, options) {
  const server = await serveBuild(folder, relay);
  try {
    await shareListAt(app, server.url, options);
  } finally {
    server.close();
  }
}

/** The same with an app that is being served. @param {string} app @param {string} url @param {ListApp} [options] */
export async function shareListAt(app, url, options = {}) {
  const { kernel = '@MaiaOS/kernel', anasButton = 'Sign up', panels = 0 } = options;
  const { addVirtualPasskey } = await importTestHelpers(app, kernel);
  const browser = await chromium.launch(browserLaunchOptions());
  /** @type {string[]} */
  const errors = [];

  /** Opens a page of a new person. @param {string} address */
  async function openPage(address) {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.on('pageerror', (error) => {
      console.log(`  page: ${error.message}`);
      errors.push(error.message);
    });
    const session = await context.newCDPSession(page);
    await addVirtualPasskey(session.send.bind(session));
    await page.goto(address);
    return page;
  }

  try {
    const ana = await openPage(url);
    await ana.getByRole('button', { name: anasButton }).click();
    await ana.getByRole('button', { name: 'Start a list' }).click();
    await addItem(ana, 'Bread');
    await ana.getByRole('button', { name: 'Share' }).click();
    const link = ana.getByRole('textbox', { name: 'Link for others' });
    await expect(link).toHaveValue(/#\/invite\//);

    const ben = await openPage(await link.inputValue());
    await ben.getByRole('button', { name: 'Sign up' }).click();
    await ben.getByRole('checkbox', { name: 'Bread' }).press('Space');
    await addItem(ben, 'Milk');
    expect(ben.url()).toBe(url); // Without the secret.

    await expect(ana.getByRole('checkbox', { name: 'Bread' })).toBeChecked();
    await expect(ana.getByRole('checkbox')).toHaveCount(2);
    for (const page of [ana, ben]) await expectStored(page);

    await ben.reload();
    await expect(ben.getByRole('checkbox', { name: 'Milk' })).toBeVisible();
    await expectStored(ben); // Until then, signing out would ask.
    await expect(ben.locator('maia-devtools')).toHaveCount(panels);
    await ben.getByRole('button', { name: 'Sign out' }).click();
    await expect(ben.getByRole('button', { name: 'Sign in' })).toBeVisible();
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
}

/** @param {import('@playwright/test').Page} page */
async function expectStored(page) {
  await expect(page.getByRole('status').last()).toHaveText('At the relay.');
}

/** @param {import('@playwright/test').Page} page @param {string} text */
async function addItem(page, text) {
  const input = page.getByRole('textbox', { name: 'New item' });
  await input.fill(text);
  await input.press('Enter');
  await expect(page.getByRole('checkbox', { name: text })).toBeVisible();
  await expect(input).toHaveValue('');
}
