import { defineConfig } from 'vitest/config';
import { expectOptions, resolve } from '../../vitest.config.ts';

export default defineConfig({
  resolve,
  test: {
    name: 'long',
    environment: 'node',
    include: ['scripts/long/*.long.ts', '{src,scripts}/**/*.long.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: expectOptions,
    // Each has processes of its own that are measured while they start.
    fileParallelism: false,
  },
});
