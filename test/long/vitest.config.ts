import { defineConfig } from 'vitest/config';
import { browserTests, expectOptions, resolve } from '../../vitest.config.ts';

const testTimeout = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'long',
          environment: 'node',
          include: ['scripts/long/*.long.ts', '{src,scripts}/**/*.long.test.ts'],
          testTimeout,
          hookTimeout: testTimeout,
          expect: expectOptions,
          // Each has processes of its own that are measured while they start.
          fileParallelism: false,
        },
      },
      {
        resolve,
        test: {
          ...browserTests,
          name: 'browser-long',
          // The same test as in `npm test`, over so many that it takes half a minute.
          include: ['src/storage/engine/taking-over.browser.test.ts'],
          provide: { coValuesToMove: 5_000 },
          testTimeout: 2 * testTimeout,
        },
      },
    ],
  },
});
