import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'long',
    environment: 'node',
    include: ['scripts/long/*.long.ts', '{src,scripts}/**/*.long.test.ts'],
    testTimeout: 60_000,
    // Each has processes of its own that are measured while they start.
    fileParallelism: false,
  },
});
