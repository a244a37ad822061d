// `npm run test:soak`: the tests named `.soak.`. They kill relays, PostgreSQL and tabs under load, attack the relay, move
// 20,000 CoValues, and run the simulation with 300 seeds. `MAIA_KILLS` sets the number of kills per setup, `MAIA_SEED`
// the random sequence.
import { runPlaywright, runSuites, runVitest } from './test-suites.mjs';

void runSuites(async (reports) => [
  await runVitest('soak', reports, ['--config', 'test/long/vitest.config.ts']),
  await runPlaywright('e2e-soak', reports, ['--config', 'test/long/playwright.soak.config.ts']),
]);
