// `npm run test:long`: what takes minutes. Relays and databases are killed under load, with `MAIA_KILLS` as the number of
// kills in each set-up and `MAIA_SEED` for other edits and moments; 20,000 CoValues are moved by the command, and 5,000
// in a browser from cojson's own storage; cojson's own tests of storages are run on ours; the simulation is run with 150
// seeds; fifty tabs of one account are fired at, and a tab is killed while it writes; then the package is checked as an app
// gets it. Here are also the tests named `.long.test.ts` and `.long.spec.ts`, which `npm test` has no time for.
import { runPlaywright, runScript, runSuites, runVitest } from './test-suites.mjs';

void runSuites(async (reports) => [
  await runVitest('long', reports, ['--config', 'scripts/long/vitest.config.ts']),
  await runVitest('browser-long', reports, ['--config', 'scripts/long/vitest.config.ts']),
  await runVitest('cojson', reports, ['--config', 'scripts/long/cojson-storage/vitest.config.ts']),
  await runPlaywright('e2e-long', reports, ['--config', 'scripts/long/playwright.config.ts']),
  await runScript('package', 'check-package.mjs'),
]);
