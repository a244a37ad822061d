import { defineConfig } from '@playwright/test';
import short from '../../playwright.config.ts';

/** The end-to-end tests of `npm run test:long`. */
export default defineConfig(short, { testDir: '../../e2e', testIgnore: [], testMatch: '**/*.long.spec.ts' });
