import { defineConfig } from '@playwright/test';
import { browserLaunchOptions } from './scripts/find-browser.mjs';

export default defineConfig({
  testDir: 'e2e',
  testIgnore: '**/*.long.spec.ts',
  // One relay and one build serve all tests, and two cores have enough to do with one browser.
  workers: 1,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 90_000,
  // A device that lost its relay comes back when its back-off says so.
  expect: { timeout: 20_000 },
  use: {
    browserName: 'chromium',
    launchOptions: browserLaunchOptions(),
    trace: 'retain-on-failure',
  },
});
