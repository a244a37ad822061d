import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { root } from '../../scripts/build/packages.mjs';
import { createExpectedError } from '../../scripts/expected-error.mjs';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { makeProject } from './make-app.mjs';
import { freePort, run, start } from './run.mjs';
import { serveBuild } from './serve-build.mjs';
import { importTestHelpers } from './sign-up.mjs';
import { withRelay } from './with-relay.mjs';

const read = (/** @type {string} */ file) => JSON.parse(readFileSync(file, 'utf8'));
const { devDependencies } = read(join(root, 'package.json'));
const jazzTools = `jazz-tools@${devDependencies['jazz-tools']}`;

/** Creates an app with jazz-tools' schemas and hooks, but without jazz-tools. @param {string} tarball @param {string} vite its version */
function makeJazzApp(tarball, vite) {
  const tools = [
    '@electric-sql/pglite',
    'typescript',
    'react',
    'react-dom',
    '@types/react',
    '@types/react-dom',
  ];
  const folder = makeProject(
    tarball,
    `vite@${vite}`,
    ...tools.map((tool) => `${tool}@${devDependencies[tool]}`),
  );
  cpSync(join(import.meta.dirname, 'jazz'), folder, { recursive: true });
  cpSync(join(import.meta.dirname, 'app.vite.config.ts'), join(folder, 'vite.config.ts'));
  const { compilerOptions, include } = read(join(import.meta.dirname, 'app.tsconfig.json'));
  // The types of jazz-tools have errors, and do not work with the last option.
  const looser = { jsx: 'react-jsx', skipLibCheck: true, exactOptionalPropertyTypes: false };
  const config = { compilerOptions: { ...compilerOptions, ...looser }, include };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  return folder;
}

/**
 * Checks jazz-tools with the package, from the dev server and from a build: two people edit a board that one has shared, with one
 * cojson. @param {string} tarball @param {string} vite its version
 */
export async function checkJazz(tarball, vite) {
  const app = makeJazzApp(tarball, vite);
  checkMissing(app);
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', jazzTools], { cwd: app });
  run('npx', ['tsc'], { cwd: app });
  const [appPort, relayPort] = [await freePort(), await freePort()];
  const server = await start(join(app, 'node_modules/.bin/vite'), [], {
    cwd: app,
    env: { APP_PORT: String(appPort), RELAY_PORT: String(relayPort), NO_COLOR: '1' },
    ready: /Local:/,
  });
  try {
    await checkPages(app, `http://localhost:${appPort}/`);
  } finally {
    await server.close('SIGINT');
  }
  await withRelay(app, async (relay) => {
    run('npx', ['vite', 'build'], { cwd: app, env: { PUBLIC_API_DOMAIN: relay } });
    const build = await serveBuild(join(app, 'dist'), relay);
    try {
      await checkPages(app, build.url);
    } finally {
      build.close();
    }
  });
  rmSync(app, { recursive: true });
  return 'dev server and build';
}

/** Throws unless a build of what imports only the kernel fails with the remedy. @param {string} app */
function checkMissing(app) {
  const main = join(app, 'src/main.tsx');
  const source = readFileSync(main, 'utf8');
  writeFileSync(
    main,
    `import { createJazzManager } from '@MaiaOS/kernel/jazz';\nconsole.log(createJazzManager);\n`,
  );
  const { status, stderr } = spawnSync('npx', ['vite', 'build'], { cwd: app, encoding: 'utf8' });
  writeFileSync(main, source);
  if (status === 0 || !stderr.includes(`npm install ${jazzTools}`))
    throw createExpectedError(`A build without jazz-tools does not name the remedy:\n${stderr}`);
}

/** @param {string} app @param {string} url */
async function checkPages(app, url) {
  const { addVirtualPasskey } = await importTestHelpers(app);
  const browser = await chromium.launch(browserLaunchOptions());

  /** Signs a new person up at this address. @param {string} address */
  async function signUp(address) {
    const page = await (await browser.newContext()).newPage();
    /** @type {string[]} */
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.addInitScript(countWasm);
    const cdp = await page.context().newCDPSession(page);
    await addVirtualPasskey(cdp.send.bind(cdp));
    await page.goto(address);
    await page.getByRole('button', { name: 'Sign up' }).click();
    return { page, errors };
  }

  try {
    const ana = await signUp(url);
    await ana.page.getByRole('button', { name: 'Add' }).click();
    const confirmed = await ana.page.locator('#confirmed:not(:empty)').innerText();
    if (confirmed !== 'confirmed 1, connected') throw createExpectedError(`${url} shows “${confirmed}”.`);
    await ana.page.getByRole('button', { name: 'Share' }).click();
    const ben = await signUp(await ana.page.locator('#link:not(:empty)').innerText());
    await ben.page.getByText('Card 1: open').click();
    await ana.page.getByText('Card 1: done').waitFor();
    for (const { page, errors } of [ana, ben]) {
      if (errors.length > 0) throw createExpectedError(`${url} has errors: ${errors.join('; ')}`);
      const instances = await page.locator('html').getAttribute('data-wasm');
      if (instances !== '1') throw createExpectedError(`${url} has ${instances} instances of cojson’s WASM.`);
    }
  } finally {
    await browser.close();
  }
}

/** Runs in the page, before its scripts. A copy of cojson that embeds its WASM would fetch none. */
function countWasm() {
  for (const name of /** @type {const} */ (['instantiate', 'instantiateStreaming'])) {
    const original = /** @type {(...args: unknown[]) => unknown} */ (WebAssembly[name]);
    Object.assign(WebAssembly, {
      /** @param {unknown[]} args */
      [name](...args) {
        const { dataset } = document.documentElement;
        dataset['wasm'] = String(Number(dataset['wasm'] ?? 0) + 1);
        return original.apply(WebAssembly, args);
      },
    });
  }
}
