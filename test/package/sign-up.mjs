import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { createExpectedError } from '../../scripts/expected-error.mjs';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { plugInAuthenticator } from '../support/platform/virtual-authenticator.mjs';
import { freePort, run, start } from './run.mjs';
import { serveBuild } from './serve-build.mjs';

/** Checks the app with the plugin's relay and proxy, as `vite` starts them. @param {string} app @returns {Promise<string>} the account's ID */
export async function checkDevServer(app) {
  const [appPort, relayPort] = [await freePort(), await freePort()];
  const vite = await start(join(app, 'node_modules/.bin/vite'), [], {
    cwd: app,
    env: { APP_PORT: String(appPort), RELAY_PORT: String(relayPort), NO_COLOR: '1' },
    ready: /Local:/,
  });
  try {
    return await signUp(`http://localhost:${appPort}/`, { panel: true });
  } finally {
    await vite.close('SIGINT');
    await refuseHealth(relayPort);
  }
}

/** Checks the built app on a different origin from its relay, whose address the build contains. @param {string} app @returns {Promise<string>} the account's ID */
export async function checkBuild(app) {
  const relayPort = await freePort();
  const relay = await start(join(app, 'node_modules/.bin/maia-relay'), [], {
    cwd: app,
    env: { PORT: String(relayPort), SYNC_MAIA_STORAGE: 'memory' },
    ready: new RegExp(String(relayPort)),
  });
  const domain = `localhost:${relayPort}`;
  try {
    run('npx', ['vite', 'build'], { cwd: app, env: { PUBLIC_API_DOMAIN: domain } });
    const server = await serveBuild(join(app, 'dist'), domain);
    try {
      return await signUp(server.url, { panel: false });
    } finally {
      server.close();
    }
  } finally {
    await relay.close('SIGTERM');
  }
}

/** @param {string} url @param {{ panel: boolean }} expected @returns {Promise<string>} the account's ID */
async function signUp(url, expected) {
  const browser = await chromium.launch(browserLaunchOptions());
  try {
    const page = await browser.newPage();
    page.on('console', (message) => console.log(`  page: ${message.text()}`));
    page.on('pageerror', (error) => console.log(`  page: ${error.message}`));
    await plugInAuthenticator(await page.context().newCDPSession(page));
    await page.goto(url);
    await page.getByRole('button', { name: 'Sign up' }).click();
    const output = page.locator('output:not(:empty)');
    const { accountID, isOneInstance, error } = JSON.parse(await output.innerText());
    if (error) throw createExpectedError(`Signing up at ${url} failed: ${error}`);
    if (!isOneInstance) throw createExpectedError(`The page at ${url} has two instances of cojson.`);
    const hasPanel = (await page.locator('maia-devtools').count()) > 0;
    if (hasPanel !== expected.panel)
      throw createExpectedError(`The page at ${url} ${hasPanel ? 'shows' : 'does not show'} the panel.`);
    return accountID;
  } finally {
    await browser.close();
  }
}

/** Throws if the relay still runs after its dev server closed. @param {number} port */
async function refuseHealth(port) {
  const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
  if (response)
    throw createExpectedError(`The dev server closed, but its relay still answers on port ${port}.`);
}
