import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { browserLaunchOptions } from './scripts/find-browser.mjs';
import { ownNames } from './scripts/own-names.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** How many CoValues are moved from stock storage to ours. */
    readonly coValuesToMove: number;
  }
}

const rooms = '{src,devtools,demo}';
/** A process or a database has to start in some tests, on a machine that runs others beside them. */
const testTimeout = 30_000;
/** `expect.poll` waits for a second where nothing is said: too short for such a machine. */
export const expectOptions = { poll: { timeout: testTimeout / 2 } };
export const resolve = { alias: [...ownNames] };

export const browserTests = {
  testTimeout,
  hookTimeout: testTimeout,
  expect: expectOptions,
  globalSetup: ['src/testing/transports/serve-echo.ts'],
  provide: { coValuesToMove: 600 },
  setupFiles: ['src/testing/empty-origin.ts'],
  // Each with a browser context of its own.
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
          include: [`${rooms}/**/*.test.ts`, 'scripts/**/*.test.ts', 'bench/harness/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/*.long.test.ts'],
          // They begin in a third of the time that processes take.
          pool: 'threads',
          // Some of the time is waiting, for processes that start.
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
