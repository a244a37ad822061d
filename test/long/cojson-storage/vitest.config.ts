import { join } from 'node:path';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = import.meta.dirname;
const root = join(here, '../../..');
const tests = join(root, 'node_modules/cojson/src/tests');

/** Puts our storage where cojson's tests create theirs. */
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

/** Of our database in its thread, a busy machine may need more than the 10 ms that cojson's tests give an answer. */
const waitLonger: Plugin = {
  name: 'wait-longer',
  enforce: 'pre',
  transform: (code, id) =>
    id.endsWith('cojson/src/tests/StorageApiAsync.test.ts')
      ? code.replaceAll('setTimeout(resolve, 10)', 'setTimeout(resolve, 1_000)')
      : undefined,
};

/**
 * The tests that cojson's package comes with, on our storage. StorageApiSync.test.ts is left out: it has the same cases
 * for a storage that answers within the call, which a database in another process cannot.
 */
export default defineConfig({
  plugins: [replaceStorage, waitLonger],
  test: {
    name: 'cojson',
    environment: 'node',
    testTimeout: 30_000,
    include: ['node_modules/cojson/src/tests/StorageApiAsync.test.ts'],
    exclude: [],
    setupFiles: [join(tests, 'setup.ts'), join(here, 'left-out.ts')],
    server: { deps: { inline: [/node_modules\/cojson\//] } },
  },
});
