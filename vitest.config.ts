import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { browserLaunchOptions } from './scripts/find-browser.mjs';
import { ownNames } from './scripts/own-names.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** How many CoValues the migration test moves from stock storage to ours. */
    readonly coValuesToMove: number;
  }
}

const rooms = '{src,devtools,demo}';
/** Some tests start a process or a database, on a machine that may be slow and busy. */
const testTimeout = 120_000;
/** The default of one second is too short for a busy machine. */
export const expectOptions = { poll: { timeout: testTimeout / 2 } };
export const resolve = { alias: [...ownNames] };
export const setupFiles = ['scripts/no-inlined-wasm.mjs'];

export const browserTests = {
  testTimeout,
  hookTimeout: testTimeout,
  expect: expectOptions,
  globalSetup: ['test/support/transport/serve-echo.ts'],
  provide: { coValuesToMove: 600 },
  setupFiles: ['test/support/platform/empty-origin.ts'],
  // Each worker has its own browser context.
  maxWorkers: 2,
  browser: {
    enabled: true,
    headless: true,
    screenshotFailures: false,
    provider: playwright({ launchOptions: browserLaunchOptions() }),
    instances: [{ browser: 'chromium' as const }],
  },
};

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          testTimeout,
          hookTimeout: testTimeout,
          expect: expectOptions,
          environment: 'node',
          setupFiles,
          include: [`${rooms}/**/*.test.ts`, 'test/**/*.test.ts', 'bench/harness/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/*.long.test.ts', '**/*.soak.test.ts'],
          // Threads start in a third of the time that processes take.
          pool: 'threads',
          maxWorkers: 2,
        },
      },
      {
        plugins: [svelte({ configFile: false })],
        resolve,
        test: {
          ...browserTests,
          name: 'browser',
          include: [`${rooms}/**/*.browser.test.ts`],
        },
      },
    ],
  },
});
