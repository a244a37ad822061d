import { cpSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium } from '@playwright/test';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';
import { makeProject, versionsOf } from './make-app.mjs';
import { freePort, run, start } from './run.mjs';
import { shareBoard, shareBoardBriefly } from './share-board.mjs';
import { importTestHelpers } from './sign-up.mjs';

const packages = [
  ...versionsOf('vite', '@electric-sql/pglite', 'typescript'),
  ...versionsOf('react', 'react-dom', '@types/react', '@types/react-dom'),
  ...versionsOf('svelte', 'svelte-check', '@sveltejs/vite-plugin-svelte', 'vue', 'jazz-tools'),
  ...['@vitejs/plugin-vue@6.0.11', 'fractional-indexing@4.0.0'],
];

/** Builds each board as an app, which two people then share. Types in `.vue` files are not checked. @param {string} tarball */
export async function checkBoards(tarball) {
  const app = makeProject(tarball, ...packages);
  cpSync(join(import.meta.dirname, 'boards'), app, { recursive: true });
  run('npx', ['tsc'], { cwd: app });
  run('npx', ['svelte-check', '--tsconfig', './tsconfig.json'], { cwd: app });
  run('npx', ['tsc', '-p', 'jazz'], { cwd: app });
  console.log(`React, the board: ${await checkBoard(app, 'react/main.tsx', shareBoard)}`);
  console.log(`Svelte, the board: ${await checkBoard(app, 'svelte/main.ts', shareBoardBriefly)}`);
  console.log(`Vue, the board: ${await checkBoard(app, 'vue/main.ts', shareBoardBriefly)}`);
  console.log(`jazz-tools, the board: ${await checkBoard(app, 'jazz/main.tsx', shareBoardBriefly)}`);
  rmSync(app, { recursive: true });
}

/** @param {string} app @param {string} board its module @param {typeof shareBoard} share */
async function checkBoard(app, board, share) {
  const port = await freePort();
  const folder = dirname(board);
  const relay = createRelay(app, folder, port);
  await relay.start();
  const env = { VITE_BOARD: board, PUBLIC_API_DOMAIN: `localhost:${port}` };
  run('npx', ['vite', 'build', '--outDir', join('dist', folder)], { cwd: app, env });
  // A browser keeps data by origin, and passkeys by host name: to it, each port is another device of the same person.
  const [laptop, phone] = [await preview(app, folder), await preview(app, folder)];
  const browser = await chromium.launch(browserLaunchOptions());
  try {
    const { addVirtualPasskey } = await importTestHelpers(app);
    return await share({ browser, relay, addVirtualPasskey, laptop: laptop.url, phone: phone.url });
  } finally {
    await browser.close();
    await Promise.all([laptop.close('SIGTERM'), phone.close('SIGTERM'), relay.stop()]);
  }
}

/** A relay that keeps its data while it is stopped. @param {string} app @param {string} name @param {number} port */
function createRelay(app, name, port) {
  /** @type {Awaited<ReturnType<typeof start>> | undefined} */
  let running;
  return {
    async start() {
      running = await start(
        join(app, 'node_modules/.bin/maia-relay'),
        ['--storage', `pglite:relay-${name}`],
        {
          cwd: app,
          env: { PORT: String(port) },
          ready: /answers on/,
        },
      );
    },
    async stop() {
      await running?.close('SIGTERM');
      running = undefined;
    },
  };
}

/** @param {string} app @param {string} folder */
async function preview(app, folder) {
  const port = await freePort();
  const { close } = await start(
    join(app, 'node_modules/.bin/vite'),
    [
      'preview',
      '--outDir',
      join('dist', folder),
      '--host',
      'localhost',
      '--strictPort',
      '--port',
      String(port),
    ],
    { cwd: app, env: { NO_COLOR: '1' }, ready: /Local:/ },
  );
  return { url: `http://localhost:${port}/`, close };
}
