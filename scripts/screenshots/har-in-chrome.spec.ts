import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { panelIn } from '../../e2e/support/devtools-page.ts';
import { freePort } from '../../e2e/support/servers.ts';
import { expect, test } from '../../e2e/support/test.ts';
import { browserLaunchOptions } from '../find-browser.mjs';
import { fill, openPanel, others, picture } from './filled-demo.ts';

interface Har {
  readonly log: {
    readonly entries: readonly { readonly _webSocketMessages: readonly { readonly data: string }[] }[];
  };
}

test('har-in-chrome.png: Chrome’s Network panel shows the frames of an exported HAR', async ({
  page,
  devOrigin,
}) => {
  await fill(page, devOrigin, [...others]);
  await openPanel(page, 14);
  const panel = panelIn(page);
  await panel.getByRole('tab', { name: /Messages/ }).click();
  await panel.getByRole('button', { name: 'Export HAR or NDJSON' }).click();
  const download = page.waitForEvent('download');
  await panel.getByRole('button', { name: 'Save as HAR' }).click();
  const path = await (await download).path();
  const { log } = JSON.parse(await readFile(path, 'utf8')) as Har;
  const frames = log.entries.flatMap((entry) => entry._webSocketMessages);
  expect(frames.length).toBeGreaterThan(20);

  // A separate browser with a debugging port, to open its DevTools as a page.
  const port = await freePort();
  const profile = mkdtempSync(join(tmpdir(), 'maia-har-'));
  const options = browserLaunchOptions();
  const context = await chromium.launchPersistentContext(profile, {
    ...options,
    args: [...(options.args ?? []), `--remote-debugging-port=${port}`, '--remote-allow-origins=*'],
    viewport: { width: 1280, height: 720 },
  });
  try {
    const inspected = await context.newPage();
    await inspected.goto('data:text/html,<title>inspected</title>');
    const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      url: string;
      id: string;
    }[];
    const target = list.find(({ url }) => url.startsWith('data:'));
    const tools = await context.newPage();
    tools.setDefaultTimeout(30_000);
    const address = `127.0.0.1:${port}/devtools/page/${target?.id ?? ''}`;
    await tools.goto(`devtools://devtools/bundled/devtools_app.html?ws=${address}&panel=network`);
    const chooser = tools.waitForEvent('filechooser');
    await tools.getByRole('button', { name: /Import HAR/ }).click();
    await (await chooser).setFiles(path);
    await tools.locator('td.name-column').first().click();
    await tools.getByRole('tab', { name: 'Messages' }).click();
    const shown = tools.getByRole('table').filter({ hasText: 'Length' });
    await expect(shown).toContainText('"action":"content"');
    await shown.getByText('"action":"content"').first().click();
    await tools.screenshot({ path: picture('har-in-chrome.png') });
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
