import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const source = join(here, '../../../node_modules/cojson/src');
const notInstalled = join(here, '../cojson-storage/not-installed.ts');
const names = ['coList', 'coPlainText', 'coStream', 'branching'];

/** cojson's own tests of lists, texts, streams and branches, with our order of them. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^(?:libsql|@opentelemetry\/sdk-metrics)$/, replacement: notInstalled },
      { find: /^cojson$/, replacement: join(source, 'exports.ts') },
      { find: /^cojson\/crypto\/WasmCrypto$/, replacement: join(source, 'crypto/WasmCrypto.ts') },
    ],
  },
  test: {
    name: 'cojson-lists',
    environment: 'node',
    testTimeout: 30_000,
    include: names.map((name) => `node_modules/cojson/src/tests/${name}.test.ts`),
    exclude: [],
    setupFiles: [
      join(here, '../../../scripts/no-inlined-wasm.mjs'),
      join(source, 'tests/setup.ts'),
      join(here, 'patch.ts'),
    ],
    server: { deps: { inline: [/node_modules\/cojson\//] } },
  },
});
