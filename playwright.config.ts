import { defineConfig } from '@playwright/test';
import { browserLaunchOptions } from './scripts/find-browser.mjs';

export default defineConfig({
  testDir: 'e2e',
  testIgnore: ['**/*.long.spec.ts', '**/*.soak.spec.ts'],
  // All tests share one relay and one build, and one browser keeps two cores busy.
  workers: 1,
  forbidOnly: process.env['CI'] !== undefined,
  timeout: 90_000,
  // A device that lost its relay reconnects only after its back-off.
  expect: { timeout: 20_000 },
  use: {
    browserName: 'chromium',
    launchOptions: browserLaunchOptions(),
    trace: 'retain-on-failure',
  },
});
