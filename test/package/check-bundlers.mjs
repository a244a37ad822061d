import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { createExpectedError } from '../../scripts/expected-error.mjs';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { makeProject } from './make-app.mjs';
import { run } from './run.mjs';
import { serveBuild } from './serve-build.mjs';
import { withRelay } from './with-relay.mjs';

const html = `<!doctype html><title>An app</title><output></output><script type="module" src="./main.js"></script>`;

/** An app that shows its account once the relay has confirmed an edit. @param {string} kernel where to import it from */
const signUp = (kernel) => `
import { signUpWithRecoveryPhrase } from '${kernel}';
const show = (result) => (document.querySelector('output').value = JSON.stringify(result));
async function start() {
  const { session } = await signUpWithRecoveryPhrase({ sync: { url: location.hash.slice(1) } });
  session.node.createGroup().createMap({ text: 'Bread' });
  await session.sync.whenConfirmed();
  return { accountID: session.account.id };
}
void start().then(show, (error) => show({ error: String(error), cause: String(error.cause) }));
`;

/** Each makes an app in a folder of the project that is served as it is. */
const ways = {
  /** @param {string} folder */
  'no bundler'(folder) {
    cpSync(join(folder, '../node_modules/@MaiaOS/kernel/dist'), join(folder, 'kernel'), { recursive: true });
    writeFileSync(join(folder, 'main.js'), signUp('./kernel/index.js'));
  },
  /** @param {string} folder */
  'esbuild with useWasm'(folder) {
    const wasm = `import wasm from '@MaiaOS/kernel/cojson.wasm';\nimport { useWasm } from '@MaiaOS/kernel';\nuseWasm(wasm);\n`;
    writeFileSync(join(folder, '../main.js'), wasm + signUp('@MaiaOS/kernel'));
    bundle(folder, '--splitting', '--loader:.wasm=file');
  },
  /** @param {string} folder */
  'esbuild into one file, with inline-wasm'(folder) {
    writeFileSync(
      join(folder, '../main.js'),
      `import '@MaiaOS/kernel/inline-wasm';\n${signUp('@MaiaOS/kernel')}`,
    );
    bundle(folder);
  },
};

/** @param {string} folder @param {string[]} options */
function bundle(folder, ...options) {
  const args = ['main.js', '--bundle', '--format=esm', '--log-level=error', `--outdir=${folder}`, ...options];
  run('npx', ['esbuild', ...args], { cwd: join(folder, '..') });
}

/** Checks pages of which no bundler follows `new URL(…, import.meta.url)`. @param {string} tarball @param {string} app with a relay */
export async function checkBundlers(tarball, app) {
  const project = makeProject(tarball, 'esbuild@0.28.2');
  await withRelay(app, async (relay) => {
    for (const [name, make] of Object.entries(ways)) {
      const folder = join(project, 'served');
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(join(folder, 'index.html'), html);
      make(folder);
      const server = await serveBuild(folder, relay);
      try {
        console.log(`${name}: ${await openPage(`${server.url}#ws://${relay}/sync`)}`);
      } finally {
        server.close();
      }
    }
  });
  rmSync(project, { recursive: true });
}

/** @param {string} url @returns {Promise<string>} the account's ID */
async function openPage(url) {
  const browser = await chromium.launch(browserLaunchOptions());
  try {
    const page = await browser.newPage();
    page.on('console', (message) => console.log(`  page: ${message.text()}`));
    page.on('pageerror', (error) => console.log(`  page: ${error.message}`));
    await page.goto(url);
    const { accountID, error, cause } = JSON.parse(await page.locator('output:not(:empty)').innerText());
    if (error) throw createExpectedError(`Signing up at ${url} failed: ${error} ${cause}`);
    return accountID;
  } finally {
    await browser.close();
  }
}
