import { defineConfig } from 'vitest/config';
import { browserTests, expectOptions, resolve, setupFiles } from '../../vitest.config.ts';

const testTimeout = 180_000;

const long = { setupFiles, testTimeout, hookTimeout: testTimeout, expect: expectOptions };

/** These measure memory, fill it, or connect a thousand clients. */
const measuring = [
  'src/relay/{client/flooding,client/fuzz,client/answers/cold-loads,serving/admission,serving/memory-pressure}.long.test.ts',
  'test/long/crowd.long.test.ts',
];

/** These install the package as apps do. It is built and packed once for all of them. */
const installing = [
  'test/package/{starters,consumers,sveltekit,firefox,lower-case,quick-start}.long.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'long',
          environment: 'node',
          include: ['{src,test}/**/*.long.test.ts'],
          exclude: [...measuring, ...installing],
          ...long,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          name: 'installing-long',
          environment: 'node',
          include: installing,
          globalSetup: ['test/package/pack.ts'],
          ...long,
          maxWorkers: 2,
        },
      },
      {
        resolve,
        test: {
          name: 'measuring-long',
          environment: 'node',
          include: measuring,
          ...long,
          fileParallelism: false,
        },
      },
      {
        resolve,
        test: {
          name: 'soak',
          environment: 'node',
          include: ['test/long/*.soak.ts', 'test/**/*.soak.test.ts'],
          ...long,
          fileParallelism: false,
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
          testTimeout,
        },
      },
    ],
  },
});
