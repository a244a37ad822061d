import { defineConfig } from '@playwright/test';
import { browserLaunchOptions } from './scripts/find-browser.mjs';

export default defineConfig({
  testDir: 'e2e',
  fullyParallel: true,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 60_000,
  use: {
    browserName: 'chromium',
    launchOptions: browserLaunchOptions(),
    trace: 'retain-on-failure',
  },
});
