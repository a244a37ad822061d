import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';
import { createExpectedError } from '../../scripts/expected-error.mjs';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { freePort, run, start } from './run.mjs';
import { serveBuild } from './serve-build.mjs';
import { withRelay } from './with-relay.mjs';

/** Checks the app with the plugin's relay and proxy, as `vite` starts them. @param {string} app @returns {Promise<string>} the account's ID */
export async function checkDevServer(app) {
  const [appPort, relayPort] = [await freePort(), await freePort()];
  const vite = await start(join(app, 'node_modules/.bin/vite'), [], {
    cwd: app,
    env: { APP_PORT: String(appPort), RELAY_PORT: String(relayPort), NO_COLOR: '1' },
    ready: /Local:/,
  });
  try {
    return await signUp(app, `http://localhost:${appPort}/`, { panels: 1 });
  } finally {
    await vite.close('SIGINT');
    await refuseHealth(relayPort);
  }
}

/** Checks the built app on a different origin from its relay, whose address the build contains. @param {string} app @returns {Promise<string>} the account's ID */
export async function checkBuild(app) {
  return withRelay(app, async (relay) => {
    run('npx', ['vite', 'build'], { cwd: app, env: { PUBLIC_API_DOMAIN: relay } });
    const server = await serveBuild(join(app, 'dist'), relay);
    try {
      return await signUp(app, server.url, { panels: 0 });
    } finally {
      server.close();
    }
  });
}

/** @param {string} app @param {string} url @param {{ panels: number }} expected @returns {Promise<string>} the account's ID */
async function signUp(app, url, expected) {
  const { addVirtualPasskey } = await importTestHelpers(app);
  const browser = await chromium.launch(browserLaunchOptions());
  try {
    const page = await browser.newPage();
    page.on('console', (message) => console.log(`  page: ${message.text()}`));
    page.on('pageerror', (error) => console.log(`  page: ${error.message}`));
    const session = await page.context().newCDPSession(page);
    await addVirtualPasskey(session.send.bind(session));
    await page.goto(url);
    await page.getByRole('button', { name: 'Sign up' }).click();
    const output = page.locator('output:not(:empty)');
    const { accountID, isOneInstance, error } = JSON.parse(await output.innerText());
    if (error) throw createExpectedError(`Signing up at ${url} failed: ${error}`);
    if (!isOneInstance) throw createExpectedError(`The page at ${url} has two instances of cojson.`);
    const panels = await page.locator('maia-devtools').count();
    if (panels !== expected.panels)
      throw createExpectedError(`The page at ${url} has ${panels} panels, not ${expected.panels}.`);
    return accountID;
  } finally {
    await browser.close();
  }
}

/** As a test of the app would import them. @param {string} app @param {string} [kernel] the name by which the app imports it @returns {Promise<typeof import('@MaiaOS/kernel/testing/node')>} */
export async function importTestHelpers(app, kernel = '@MaiaOS/kernel') {
  const { resolve } = createRequire(join(app, 'package.json'));
  return import(pathToFileURL(resolve(`${kernel}/testing/node`)).href);
}

/** Throws if the relay still runs after its dev server closed. @param {number} port */
async function refuseHealth(port) {
  const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
  if (response)
    throw createExpectedError(`The dev server closed, but its relay still answers on port ${port}.`);
}
