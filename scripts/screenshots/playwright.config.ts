import { defineConfig } from '@playwright/test';
import { browserLaunchOptions } from '../find-browser.mjs';

/** `npm run screenshots`: makes the pictures in `docs/images`. Not part of the test suite. */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/screenshots',
  workers: 1,
  timeout: 240_000,
  use: { browserName: 'chromium', launchOptions: browserLaunchOptions() },
});
