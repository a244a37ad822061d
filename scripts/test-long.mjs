// `npm run test:long`: the tests named `.long.`, which take longer than `npm test` may, at most 40 minutes in total; then
// cojson's own storage tests on our storage, and the package as an app receives it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installDebianPackage } from './debian-package.mjs';
import { installLocked } from './install-locked.mjs';
import { runPlaywright, runScript, runSuites, runVitest } from './test-suites.mjs';

const config = ['--config', 'test/long/vitest.config.ts'];

// Without it, its tests are skipped.
if (spawnSync('pgbouncer', ['--version']).error) installDebianPackage('pgbouncer');
installLocked(join(import.meta.dirname, '../test/interop/jazz'), 'A test runs workers of jazz-tools.');

void runSuites(async (reports) => [
  await runVitest('long', reports, config),
  await runVitest('measuring-long', reports, config),
  await runVitest('browser-long', reports, config),
  await runVitest('cojson', reports, ['--config', 'test/long/cojson-storage/vitest.config.ts']),
  await runPlaywright('e2e-long', reports, ['--config', 'test/long/playwright.config.ts']),
  await runScript('package', 'check-package.mjs'),
]);
