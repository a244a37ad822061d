// `npm run test:long`: the tests named `.long.`, which take longer than `npm test` may, at most 40 minutes in total; then
// cojson's own tests of storage and lists on ours, the package as an app receives it, and the documentation site.
import { spawnSync } from 'node:child_process';
import { installDebianPackage } from './debian-package.mjs';
import { runPlaywright, runScript, runSuites, runVitest } from './test-suites.mjs';

const config = ['--config', 'test/long/vitest.config.ts'];

/** @param {string[]} programs */
const isMissing = (...programs) => programs.every((program) => spawnSync(program, ['--version']).error);

// Without them, their tests are skipped.
if (isMissing('pgbouncer')) installDebianPackage('pgbouncer');
if (!process.env['MAIA_FIREFOX'] && isMissing('firefox-esr', 'firefox')) installDebianPackage('firefox-esr');

/**
 * CI ends a run after 90 minutes, without a result. On a slow machine, what would not end in time is skipped, and named.
 * @template Outcome @param {string} suite @param {number} latestMinute after the start of CI @param {() => Promise<Outcome>} run
 */
async function inTime(suite, latestMinute, run) {
  const startedS = Number(process.env['MAIA_CI_STARTED_S'] ?? Infinity);
  if (Date.now() / 1_000 - startedS < latestMinute * 60) return run();
  const skipped = [`${suite}: CI had no time left for it. Run it by npm run test:long.`];
  return { suite, seconds: 0, passed: 0, failed: [], skipped };
}

void runSuites(async (reports) => [
  await inTime('long', 62, () => runVitest('long', reports, config)),
  await inTime('installing-long', 72, () => runVitest('installing-long', reports, config)),
  await inTime('measuring-long', 76, () => runVitest('measuring-long', reports, config)),
  await inTime('browser-long', 80, () => runVitest('browser-long', reports, config)),
  await inTime('cojson', 82, () =>
    runVitest('cojson', reports, ['--config', 'test/long/cojson-storage/vitest.config.ts']),
  ),
  await inTime('cojson-lists', 82, () =>
    runVitest('cojson-lists', reports, ['--config', 'test/long/cojson-lists/vitest.config.ts']),
  ),
  await inTime('e2e-long', 55, () =>
    runPlaywright('e2e-long', reports, ['--config', 'test/long/playwright.config.ts']),
  ),
  await inTime('bench', 65, () => runScript('bench', '../bench/run.mjs', '--check')),
  await inTime('package', 70, () => runScript('package', 'check-package.mjs')),
  await inTime('docs', 75, () => runScript('docs', 'docs.mjs')),
]);
