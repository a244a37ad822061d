// `npm run test:long`: what takes minutes. Relays and databases are killed under load, with `MAIA_KILLS` as the number of
// kills in each set-up and `MAIA_SEED` for other edits and moments; cojson's own tests of storages are run on ours; then
// the package is checked as an app gets it.
import { runScript, runSuites, runVitest } from './test-suites.mjs';

runSuites((reports) => [
  runVitest('long', reports, ['--config', 'scripts/long/vitest.config.ts']),
  runVitest('cojson', reports, ['--config', 'scripts/long/cojson-storage/vitest.config.ts']),
  runScript('package', 'check-package.mjs'),
]);
