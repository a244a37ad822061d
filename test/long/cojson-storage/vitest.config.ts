import { join } from 'node:path';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const root = join(here, '../../..');
const tests = join(root, 'node_modules/cojson/src/tests');

/** Replaces the storage that cojson's tests create with ours. */
const replaceStorage: Plugin = {
  name: 'replace-storage',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer?.endsWith('cojson/src/tests/testStorage.ts') && source === '../storage/sqliteAsync') {
      return join(here, 'sql-as-sqlite.ts');
    }
    if (source === 'libsql' || source === '@opentelemetry/sdk-metrics') return join(here, 'not-installed.ts');
    return undefined;
  },
};

/** cojson's tests wait 10 ms for a result, too short for our database thread on a busy machine. */
const waitLonger: Plugin = {
  name: 'wait-longer',
  enforce: 'pre',
  transform: (code, id) =>
    id.endsWith('cojson/src/tests/StorageApiAsync.test.ts')
      ? code.replaceAll('setTimeout(resolve, 10)', 'setTimeout(resolve, 1_000)')
      : undefined,
};

/**
 * cojson's own storage tests on our storage. They exclude StorageApiSync.test.ts: it has the same cases for a synchronous
 * storage, which a database in another thread cannot be.
 */
export default defineConfig({
  plugins: [replaceStorage, waitLonger],
  test: {
    name: 'cojson',
    environment: 'node',
    testTimeout: 30_000,
    include: ['node_modules/cojson/src/tests/StorageApiAsync.test.ts'],
    exclude: [],
    setupFiles: [
      join(root, 'scripts/no-inlined-wasm.mjs'),
      join(tests, 'setup.ts'),
      join(here, 'left-out.ts'),
    ],
    server: { deps: { inline: [/node_modules\/cojson\//] } },
  },
});
