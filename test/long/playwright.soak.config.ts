import { defineConfig } from '@playwright/test';
import short from '../../playwright.config.ts';

/** The end-to-end tests of `npm run test:soak`. */
export default defineConfig(short, { testDir: '../../e2e', testIgnore: [], testMatch: '**/*.soak.spec.ts' });
