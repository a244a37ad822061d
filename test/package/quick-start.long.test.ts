import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { codeBlocks, readText } from '../docs/markdown.ts';
import { until } from '../support/until.ts';
import { freePort } from './run.mjs';
import { runShell, startShell } from './run-shell.ts';
import { expectSoon } from './expect-soon.mjs';
import { importTestHelpers } from './sign-up.mjs';

const timeout = 300_000;
const documentedPort = 4203;

const smallestApp = sectionOf('README.md', 'The smallest app');
const start = readText('docs/start.md');

/** A block of a document, found by what it says. */
function blockWith(markdown: string, language: string, mark: string): string {
  const block = codeBlocks(markdown, language).find(({ code }) => code.includes(mark));
  if (!block) throw new Error(`No block has ${mark}.`);
  return block.code;
}

describe('what the documents tell a newcomer to do', { timeout }, () => {
  let folder: string;
  let app: string;
  let browser: Browser;
  /** As documented, unless another program of this machine has that port. */
  let relayPort: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'maia-quick-start-'));
    app = join(folder, 'notes');
    mkdirSync(app);
    const tarball = inject('tarball');
    cpSync(tarball, join(folder, 'kernel', basename(tarball)));
    relayPort = (await isFree(documentedPort)) ? documentedPort : await freePort();
    await runShell(blockWith(smallestApp, 'sh', 'npm init'), app);
    for (const [, file = '', code = ''] of smallestApp.matchAll(/^`([\w.]+)`:\n\n```\w+\n(.*?)^```$/gms))
      writeFileSync(join(app, file), withRelayPort(code));
    // The documents do not name these.
    writeFileSync(join(app, 'open.ts'), blockWith(start, 'ts', 'resumed'));
    writeFileSync(join(app, 'invite.ts'), blockWith(start, 'ts', 'inviteTo'));
    browser = await chromium.launch(browserLaunchOptions());
  }, timeout);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  it('the smallest app signs up in dev, syncs, and opens again; another person joins by a link', async () => {
    const vite = await startShell('npx vite', app, /Local:/);
    try {
      const url = addressIn(vite.printed);
      const ana = await openPage(url);
      await expectSoon(ana.locator('output')).toHaveText(/: 0 to save, 0 to confirm$/);
      const [accountID, noteID] = await signUp(ana);
      await ana.keyboard.press('Alt+Shift+M');
      await expectSoon(ana.locator('maia-devtools').getByRole('tab', { name: /Unsynced/ })).toBeVisible();

      const again = await ana.context().newPage();
      for (const page of [ana, again]) {
        await page.goto(url);
        expect(await page.evaluate(`import('/open.ts').then(({ open }) => open.resumed?.accountID)`)).toBe(
          accountID,
        );
      }
      const note = `import('/open.ts').then(({ open }) => open.resumed.load('${noteID}'))`;
      await again.evaluate(`${note}.then((note) => note.set('text', 'Eggs'))`);
      await until(async () =>
        expect(await ana.evaluate(`${note}.then((note) => note.get('text'))`)).toBe('Eggs'),
      );

      const link = await ana.evaluate(`import('/invite.ts').then(({ inviteTo }) => inviteTo('${noteID}'))`);
      const ben = await openPage(String(link));
      const read = ben.evaluate(`(async () => {
        const { invite } = await import('/invite.ts');
        const { open } = await import('/open.ts');
        const session = await open.signUp();
        await session.acceptInvite(invite);
        return (await session.load(invite.id)).get('text');
      })()`);
      expect(await read).toBe('Eggs');
    } finally {
      await vite.close();
    }
  });

  it('its build syncs with a relay of its own', async () => {
    const relayLine = withRelayPort(blockWith(start, 'sh', 'maia-relay'));
    const lines = withRelayPort(blockWith(start, 'sh', 'vite build'))
      .trim()
      .split('\n');
    const [buildLine = '', previewLine = ''] = lines;
    expect(lines).toHaveLength(2);
    const relay = await startShell(`${portForRelay()}${relayLine}`, app, new RegExp(String(relayPort)));
    try {
      await runShell(buildLine, app);
      const preview = await startShell(previewLine, app, /Local:/);
      try {
        const page = await openPage(addressIn(preview.printed));
        await signUp(page);
        expect(await page.locator('maia-devtools').count()).toBe(0);
      } finally {
        await preview.close();
      }
    } finally {
      await relay.close();
    }
  });

  const portForRelay = () => (relayPort === documentedPort ? '' : `PORT=${relayPort} `);

  function withRelayPort(text: string): string {
    if (relayPort === documentedPort) return text;
    return text
      .replace('maiaKernel()', `maiaKernel({ relay: { port: ${relayPort} } })`)
      .replaceAll(String(documentedPort), String(relayPort));
  }

  /** Opens a page of a new person, with a virtual passkey as the app's tests would have it. */
  async function openPage(url: string): Promise<Page> {
    const { addVirtualPasskey } = await importTestHelpers(app);
    const context = await browser.newContext();
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await addVirtualPasskey(session.send.bind(session));
    await page.goto(url);
    return page;
  }
});

/** Resolves with the IDs of the account and its note, once the relay has both. */
async function signUp(page: Page): Promise<readonly string[]> {
  const written = page.waitForEvent('console', (message) => message.text().includes('has written'));
  await page.getByRole('button', { name: 'Sign up' }).click();
  const ids = (await written).text().match(/co_z\w+/g) ?? [];
  expect(ids).toHaveLength(2);
  await expectSoon(page.locator('output')).toHaveText('confirmed: 0 to save, 0 to confirm');
  return ids;
}

/** Where Vite serves: at the documented address, if no other program has its port. */
function addressIn(printed: string): string {
  const [url = ''] = /http:\/\/localhost:\d+\//.exec(printed) ?? [];
  return url;
}

function sectionOf(document: string, heading: string): string {
  const [, section = ''] = readText(document).split(new RegExp(`^## ${heading}$`, 'm'));
  const [own = ''] = section.split(/^## /m);
  return own;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
