import { defineConfig } from 'vitest/config';
import { browserTests, expectOptions, resolve } from '../../vitest.config.ts';

const testTimeout = 60_000;

const oneAtATime = {
  testTimeout,
  hookTimeout: testTimeout,
  expect: expectOptions,
  // The tests start processes and measure how long that takes.
  fileParallelism: false,
};

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'long',
          environment: 'node',
          include: ['{src,test}/**/*.long.test.ts'],
          ...oneAtATime,
        },
      },
      {
        resolve,
        test: {
          name: 'soak',
          environment: 'node',
          include: ['test/long/*.soak.ts', 'test/**/*.soak.test.ts'],
          ...oneAtATime,
        },
      },
      {
        resolve,
        test: {
          ...browserTests,
          name: 'browser-long',
          // `npm test` runs this test with fewer CoValues.
          include: ['src/storage/kernel/stock-migration.browser.test.ts'],
          provide: { coValuesToMove: 5_000 },
          testTimeout: 2 * testTimeout,
        },
      },
    ],
  },
});
