import { cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { expectSoon } from './expect-soon.mjs';
import { versionsOf } from './make-app.mjs';
import { buildTools, changeFile, makeStarter } from './make-starter.ts';
import { freePort, run, start } from './run.mjs';
import { shareListAt } from './share-list.mjs';
import { withRelay } from './with-relay.mjs';

const packages = [
  ...buildTools,
  ...versionsOf('svelte', '@sveltejs/vite-plugin-svelte'),
  ...['@sveltejs/kit@2.70.4', '@sveltejs/adapter-node@5.5.7'],
];

describe('the Svelte starter as a page of SvelteKit', { timeout: 300_000 }, () => {
  let app: string;
  beforeAll(async () => {
    app = await makeStarter('svelte', inject('tarball'), packages);
    for (const left of ['index.html', 'src/main.ts']) rmSync(join(app, left));
    cpSync(join(import.meta.dirname, 'sveltekit'), app, { recursive: true });
  }, 300_000);
  afterAll(() => rmSync(dirname(app), { recursive: true }));

  it('[PANEL-16] shares a list in dev, at the plugin’s relay, and each page has one panel, also after a hot update', async () => {
    const port = await freePort();
    const vite = await start(
      join(app, 'node_modules/.bin/vite'),
      ['dev', '--host', 'localhost', '--port', String(port)],
      { cwd: app, env: { RELAY_PORT: String(await freePort()), NO_COLOR: '1' }, ready: /Local:/ },
    );
    const browser = await chromium.launch(browserLaunchOptions());
    try {
      const url = `http://localhost:${port}/`;
      await shareListAt(app, url, { panels: 1 });
      const page = await browser.newPage();
      await page.goto(url);
      await expectSoon(page.locator('maia-devtools')).toHaveCount(1);
      changeFile(app, 'src/routes/+page.svelte', 'A list', 'A hot list');
      await expectSoon(page.getByRole('heading', { name: 'A hot list' })).toBeVisible();
      expect(await page.locator('maia-devtools').count()).toBe(1);
    } finally {
      await browser.close();
      await vite.close('SIGTERM');
    }
  });

  it('[PANEL-14] renders the page on a server once it is built, shares a list, and has no panel', async () => {
    await withRelay(app, async (relay) => {
      run('npx', ['vite', 'build'], { cwd: app, env: { PUBLIC_API_DOMAIN: relay } });
      const port = await freePort();
      const server = await start(process.execPath, ['build'], {
        cwd: app,
        env: { HOST: 'localhost', PORT: String(port) },
        ready: /Listening/,
      });
      try {
        const url = `http://localhost:${port}/`;
        expect(await (await fetch(url)).text()).toContain('<button>Sign up</button>');
        await shareListAt(app, url);
      } finally {
        await server.close('SIGTERM');
      }
    });
  });
});
